"""The pages of ${names}, below the tenant's host."""

from django.urls import path

from product.${app} import views

member_pages = [
    path("${path}/", views.${models}, name="${path}"),
    path("${path}/add/", views.add, name="${path}-add"),
    path("${path}/<uuid:pk>/delete/", views.delete, name="${path}-delete"),
]

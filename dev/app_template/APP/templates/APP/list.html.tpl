{% extends "workspace.html" %}
{% load i18n %}
{% comment %}Context: ${models}, form, may_delete.{% endcomment %}
{% block title %}{% translate "${Title}" %}{% endblock %}

{% block content %}
  <div class="page-head"><h1>{% translate "${Title}" %}</h1></div>
  <div class="card cap">
    <form class="card-body" method="post" action="{% url '${path}-add' %}">
      {% csrf_token %}
      {{ form.non_field_errors }}
      {{ form.name.as_field_group }}
      <div class="form-actions"><button class="btn btn-primary">{% translate "Add" %}</button></div>
    </form>
  </div>
  <section class="card" aria-label="{% translate '${Title}' %}">
    <ul class="rows">
      {% for ${model} in ${models} %}
        <li>
          <div class="rows-main"><bdi>{{ ${model}.name }}</bdi></div>
          <time class="quiet small" datetime="{{ ${model}.added_at|date:'c' }}">{{ ${model}.added_at|date:"DATE_FORMAT" }}</time>
          {% if may_delete %}
            <form method="post" action="{% url '${path}-delete' ${model}.pk %}">
              {% csrf_token %}
              <button class="btn btn-quiet btn-sm">{% translate "Delete" %}<span class="visually-hidden"> {{ ${model}.name }}</span></button>
            </form>
          {% endif %}
        </li>
      {% empty %}
        <li class="quiet">{% translate "There are none yet. Add the first one." %}</li>
      {% endfor %}
    </ul>
  </section>
{% endblock content %}

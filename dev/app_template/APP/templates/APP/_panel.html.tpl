{% load i18n %}
<section class="card" aria-labelledby="${app}-panel">
  <div class="card-body">
    <h2 class="card-title" id="${app}-panel">{% translate "${Title}" %}</h2>
    <p><a href="{% url '${path}' %}">{{ count }}</a></p>
  </div>
</section>

{% load i18n %}
<section class="card" aria-labelledby="${app}-panel">
  <div class="card-body card-head">
    <h2 class="card-title" id="${app}-panel">{% translate "${Title}" %}</h2>
    <a href="{% url '${path}' %}">{{ count }}</a>
  </div>
</section>

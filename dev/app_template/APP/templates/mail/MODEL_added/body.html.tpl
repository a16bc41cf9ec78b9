{% extends "mail/base.html" %}
{% load i18n %}
{% block title %}{% blocktranslate trimmed with name=${model}.name %}New ${name}: {{ name }}{% endblocktranslate %}{% endblock %}

{% block content %}
  <h1>{% blocktranslate trimmed with name=${model}.name %}New ${name}: {{ name }}{% endblocktranslate %}</h1>
  <p class="last"><a class="button" href="{{ url }}">{% translate "${Title}" %}</a></p>
{% endblock content %}

{% load i18n %}{% autoescape off %}{% blocktranslate trimmed with name=${model}.name %}New ${name}: {{ name }}{% endblocktranslate %}{% endautoescape %}

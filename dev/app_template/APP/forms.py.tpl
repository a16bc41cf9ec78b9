"""The form of a ${name}."""

from django import forms

from product.${app}.models import ${Model}


class ${Model}Form(forms.ModelForm):  # type: ignore[type-arg]  # Generic in the stubs alone.
    """What a member types about a ${name}."""

    class Meta:
        model = ${Model}
        fields = ("name",)

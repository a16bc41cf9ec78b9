"""The members' page of notes."""

from django.db.models import F
from django.forms import modelform_factory
from django.shortcuts import get_object_or_404, redirect, render
from product.notes.emails import send_note_added
from product.notes.models import Note, Usage

from accounts.access.decorators import admins_action, admins_form, members_form, members_page
from tasks import outbox
from tenancy import rate_limits
from tenancy.files import download

NoteForm = modelform_factory(Note, fields=["text", "attachment"])


@members_form
def notes(request):
    form = NoteForm(request.POST or None, request.FILES or None, instance=Note(author=request.user))
    if form.is_valid():
        rate_limits.hit("notes.add", str(request.user.pk))
        form.save()
        outbox.enqueue(send_note_added, user_id=request.user.pk)
        Usage.objects.update_or_create(
            defaults={"notes": F("notes") + 1}, create_defaults={"notes": 1}
        )
        return redirect("notes")
    context = {"notes": Note.objects.order_by("text"), "form": form}
    return render(request, "notes/notes.html", context, status=422 if form.errors else 200)


@members_page
def attachment(request, pk):
    note = get_object_or_404(Note, pk=pk)
    return download(note.attachment, filename="attachment.pdf")


@admins_action("notes.delete", "notes")
def delete(_request, pk):
    get_object_or_404(Note, pk=pk).delete()
    return redirect("notes")


@admins_form("notes.delete")
def settings(request):
    return render(request, "notes/settings.html")

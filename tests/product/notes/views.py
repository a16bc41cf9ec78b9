"""The members' page of notes."""

from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from product.notes.emails import send_note_added
from product.notes.models import Note

from tasks import outbox


@login_required
def notes(request):
    if request.method == "POST":
        Note.objects.create(author=request.user, text=request.POST["text"])
        outbox.enqueue(send_note_added, user_id=request.user.pk)
        return redirect("notes")
    return render(request, "notes/notes.html", {"notes": Note.objects.order_by("text")})

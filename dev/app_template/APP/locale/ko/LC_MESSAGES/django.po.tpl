msgid ""
msgstr ""
"Language: ko\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: nplurals=1; plural=0;\n"

msgid "${Title}"
msgstr "${korean}"

msgid "name"
msgstr "이름"

msgid "Add"
msgstr "추가"

msgid "Delete"
msgstr "삭제"

msgid "There are none yet. Add the first one."
msgstr "아직 없어요. 첫 번째로 추가해 보세요."

msgid "New ${name}"
msgstr "새 ${korean}"

msgid "New ${name}: %(name)s"
msgstr "새 ${korean}: %(name)s"

msgid "Delete ${names}"
msgstr "${korean} 삭제"

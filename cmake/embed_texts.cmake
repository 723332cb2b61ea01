# Run by weir_embed_texts: writes OUTPUT, a C file that holds the files FOLDER/PATTERN as texts, each
# `const char PREFIX_<name>[]`, declared in HEADER. Arrays of characters, because C11 guarantees no
# string literal above 4095.
file(GLOB paths ${FOLDER}/${PATTERN})
list(SORT paths)
set(arrays "")
foreach(path IN LISTS paths)
  get_filename_component(name ${path} NAME)
  string(MAKE_C_IDENTIFIER ${name} identifier)
  file(READ ${path} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "0x([89a-f][0-9a-f])," "'\\\\x\\1'," bytes "${bytes}") # beyond ASCII: char may be signed
  string(APPEND arrays "\nconst char ${PREFIX}_${identifier}[] = {${bytes}0};\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"${HEADER}\"\n${arrays}")

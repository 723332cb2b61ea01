# Writes OUTPUT, a C file that holds the strategies of FOLDER as strings.
# One string literal per line of JSON keeps every literal below C11's guaranteed 4095 characters,
# but the concatenation is longer, so each text is an array of characters instead.
file(GLOB paths ${FOLDER}/*.json)
list(SORT paths)
set(arrays "")
set(rows "")
foreach(path IN LISTS paths)
  get_filename_component(name ${path} NAME_WE)
  string(MAKE_C_IDENTIFIER ${name} identifier)
  file(READ ${path} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND arrays "static const char ${identifier}[] = {${bytes}0};\n")
  string(APPEND rows "    {\"${name}\", ${identifier}},\n")
endforeach()
list(LENGTH paths count)
file(WRITE ${OUTPUT}
  "#include \"strategies.h\"\n\n${arrays}\nconst struct weir_bundled_strategy weir_bundled_strategies[] = {\n${rows}};\nconst size_t weir_bundled_strategy_count = ${count};\n")

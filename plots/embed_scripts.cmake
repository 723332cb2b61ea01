# Writes OUTPUT, a C file that holds the scripts of FOLDER as strings. Arrays of characters, because
# C11 guarantees no string literal above 4095.
file(GLOB paths ${FOLDER}/*.gp)
list(SORT paths)
set(arrays "")
foreach(path IN LISTS paths)
  get_filename_component(name ${path} NAME)
  string(MAKE_C_IDENTIFIER ${name} identifier)
  file(READ ${path} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND arrays "\nconst char weir_plots_${identifier}[] = {${bytes}0};\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"scripts.h\"\n${arrays}")

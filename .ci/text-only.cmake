# llama.cpp's command-line helpers are not used from Python; leaving them out
# cuts the compile time of llama-cpp-python to about a third.
set(LLAMA_BUILD_COMMON OFF)

# Some compilers fill thousands of lines with warnings about their own headers.
if(NOT MSVC)
  add_compile_options(-w)
endif()

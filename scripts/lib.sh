# Shared by setup, demo and test: where things are, and how what is missing gets installed.
# Source it; it changes to the repository's root. Everything it fetches goes to .deps/ and
# tests/node_modules (ignored by git); packages come from the machine's own apt, npm and pip
# configuration, whatever mirror that names.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
ROOT=$PWD
DEPS=$ROOT/.deps
JOBS=$(nproc 2>/dev/null || echo 2)
export LC_ALL=C.UTF-8
# A Node that is not the distribution's does not look where Debian's emscripten keeps acorn.
export NODE_PATH=/usr/share/nodejs${NODE_PATH:+:$NODE_PATH}

say() { printf '%s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null; then sudo "$@"
    else die "these need root, and there is no sudo: $*"
    fi
}

apt_run() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" </dev/null; }

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# need PACKAGE... : install those that are not there.
need() {
    local missing=() p
    for p in "$@"; do installed "$p" || missing+=("$p"); done
    [ ${#missing[@]} = 0 ] && return
    command -v apt-get >/dev/null ||
        die "please install by hand (this machine has no apt-get): ${missing[*]}"
    say "installing ${missing[*]}"
    mkdir -p "$DEPS"
    if ! apt_run install -y --no-install-recommends "${missing[@]}" >"$DEPS/apt.log" 2>&1; then
        apt_run update >"$DEPS/apt.log" 2>&1
        apt_run install -y --no-install-recommends "${missing[@]}" >>"$DEPS/apt.log" 2>&1 || {
            tail -5 "$DEPS/apt.log" >&2
            die "apt-get could not install ${missing[*]} (log: .deps/apt.log)"
        }
    fi
}

# The same for packages that only widen what is checked: false when they cannot be had.
want() { (need "$@") 2>/dev/null; }

need_node() {
    local major=0
    command -v node >/dev/null && major=$(node -p 'process.versions.node.split(".")[0]')
    [ "$major" -ge 18 ] || need nodejs
    major=$(node -p 'process.versions.node.split(".")[0]')
    [ "$major" -ge 18 ] || die "Node 18 or later is needed, this is $(node --version)"
}

need_npm() {
    need_node
    command -v npm >/dev/null || need npm
}

need_native() {
    need gcc libc6-dev cmake ninja-build libcjson-dev libzip-dev libdeflate-dev zlib1g-dev libexpat1-dev libstb-dev \
        protobuf-c-compiler libprotobuf-c-dev libonnx-dev fonts-dejavu-core
    command -v python3 >/dev/null || need python3
}

need_emscripten() {
    need_node
    command -v emcc >/dev/null || need emscripten
    need dpkg-dev cmake ninja-build
}

# A file that holds what a result was made from; the result is made again only when that changes.
stamp_matches() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }

# fetch_source NAME: Debian's or Ubuntu's source of package NAME, unpacked in .deps/src/NAME. The
# list of source archives is written from the binary archives this machine already uses.
fetch_source() {
    local dir=$DEPS/src name=$1
    [ -d "$dir/$name" ] && return
    mkdir -p "$dir/lists/partial" "$dir/work"
    local opts=(-qq -o "Dir::Etc::sourcelist=$dir/sources.list" -o Dir::Etc::sourceparts=/dev/null
        -o "Dir::State::Lists=$dir/lists" -o "APT::Sandbox::User=$(id -un)")
    if [ ! -s "$dir/sources.list" ]; then
        source_archives >"$dir/sources.list"
        [ -s "$dir/sources.list" ] || { apt_run update; source_archives >"$dir/sources.list"; }
        apt-get "${opts[@]}" update || { rm -f "$dir/sources.list"; die "no source archive answers"; }
    fi
    rm -rf "$dir/work" && mkdir "$dir/work"
    (cd "$dir/work" && source_of_any_version "$name" >"$dir/$name.log" 2>&1) ||
        { tail -5 "$dir/$name.log" >&2; die "apt-get source $name failed"; }
    mv "$dir"/work/*/ "$dir/$name"
    rm -rf "$dir/work"
}

# The newest version, or an older one where a mirror lists the newest and no longer has its files.
source_of_any_version() {
    local version
    apt-get "${opts[@]}" source "$1" && return
    for version in $(apt-cache "${opts[@]}" showsrc "$1" | sed -n 's/^Version: //p'); do
        rm -rf ./*
        apt-get "${opts[@]}" source "$1=$version" && return
    done
    return 1
}

source_archives() {
    apt-get indextargets --format '$(ORIGIN)|deb-src $(REPO_URI) $(RELEASE) $(COMPONENT)' \
        'Created-By: Packages' | sed -nE 's/^(Debian|Ubuntu)\|//p' | sort -ru
}

# What cmocka's configuration would find out.
CMOCKA_HAS=(-DHAVE_SIGNAL_H=1 -DHAVE_MALLOC_H=1 -DHAVE_STRUCT_TIMESPEC=1 -DHAVE_CLOCK_GETTIME=1
    -DHAVE_INTTYPES_H=1 -DHAVE_STDINT_H=1 -DHAVE_TIME_H=1 -DHAVE_STRINGS_H=1 -DHAVE_UNISTD_H=1
    -DHAVE_SETJMP_H=1)

# The files of libdeflate that make and read DEFLATE, bare and in zlib's envelope, and read gzip's (tests).
LIBDEFLATE=(deflate_compress.c zlib_compress.c deflate_decompress.c zlib_decompress.c gzip_decompress.c adler32.c crc32.c
    utils.c)

# The files of zlib that read DEFLATE.
ZLIB=(adler32.c crc32.c inffast.c inflate.c inftrees.c zutil.c)

# expat, its file and its options. The page's module asks its host for nothing: no clock, no environment
# and no output, which expat would use for the salt of its tables and for messages to its developers.
EXPAT=(xmlparse.c xmlrole.c xmltok.c)
EXPAT_HAS=(-DHAVE_MEMMOVE -DHAVE_ARC4RANDOM_BUF -DXML_DTD -DXML_GE=1 -DXML_MIN_SIZE -DNDEBUG)

# cJSON, libdeflate, zlib, expat and cmocka compiled to WebAssembly: static libraries in .deps/wasm.
need_wasm_libraries() {
    local with_tests=${1:-} key sources
    need_emscripten
    key="$(emcc --version | head -1) -Oz ${LIBDEFLATE[*]}" # everybody who opens the page downloads it
    mkdir -p "$DEPS/wasm/lib" "$DEPS/wasm/include/cjson"
    if ! stamp_matches "$DEPS/wasm/cjson.stamp" "$key"; then
        say "compiling cJSON to WebAssembly"
        fetch_source cjson
        cp "$DEPS/src/cjson/cJSON.h" "$DEPS/wasm/include/cjson/"
        compile_wasm_library cjson "$DEPS/src/cjson/cJSON.c"
        echo "$key" >"$DEPS/wasm/cjson.stamp"
    fi
    if ! stamp_matches "$DEPS/wasm/libdeflate.stamp" "$key ${LIBDEFLATE[*]}"; then
        say "compiling libdeflate to WebAssembly"
        fetch_source libdeflate
        cp "$DEPS/src/libdeflate/libdeflate.h" "$DEPS/wasm/include/"
        sources=("${LIBDEFLATE[@]/#/$DEPS/src/libdeflate/lib/}")
        compile_wasm_library deflate "${sources[*]}" -I"$DEPS/src/libdeflate"
        echo "$key ${LIBDEFLATE[*]}" >"$DEPS/wasm/libdeflate.stamp"
    fi
    if ! stamp_matches "$DEPS/wasm/zlib.stamp" "$key ${ZLIB[*]}"; then
        say "compiling zlib to WebAssembly"
        fetch_source zlib
        cp "$DEPS"/src/zlib/z{lib,conf}.h "$DEPS/wasm/include/"
        sources=("${ZLIB[@]/#/$DEPS/src/zlib/}")
        compile_wasm_library z "${sources[*]}"
        echo "$key ${ZLIB[*]}" >"$DEPS/wasm/zlib.stamp"
    fi
    if ! stamp_matches "$DEPS/wasm/expat.stamp" "$key ${EXPAT_HAS[*]}"; then
        say "compiling expat to WebAssembly"
        fetch_source expat
        cp "$(expat_folder)"/lib/expat{,_external}.h "$DEPS/wasm/include/"
        mkdir -p "$DEPS/wasm/expat"
        expat_config >"$DEPS/wasm/expat/expat_config.h"
        sources=("${EXPAT[@]/#/$(expat_folder)/lib/}")
        compile_wasm_library expat "${sources[*]}" -I"$DEPS/wasm/expat" "${EXPAT_HAS[@]}"
        echo "$key ${EXPAT_HAS[*]}" >"$DEPS/wasm/expat.stamp"
    fi
    [ "$with_tests" ] || return 0
    if ! stamp_matches "$DEPS/wasm/cmocka.stamp" "$key"; then
        say "compiling cmocka to WebAssembly"
        fetch_source cmocka
        cp "$DEPS/src/cmocka/include/"*.h "$DEPS/wasm/include/"
        compile_wasm_library cmocka "$DEPS/src/cmocka/src/cmocka.c" \
            -I"$DEPS/src/cmocka/include" -sSUPPORT_LONGJMP=1 -D_UINTPTR_T_DEFINED "${CMOCKA_HAS[@]}"
        echo "$key" >"$DEPS/wasm/cmocka.stamp"
    fi
}

# Debian packs expat's sources in a folder of their own.
expat_folder() {
    if [ -d "$DEPS/src/expat/expat" ]; then echo "$DEPS/src/expat/expat"; else echo "$DEPS/src/expat"; fi
}

# What stands for a host in the module, as the header that expat's configuration would make.
expat_config() {
    cat <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define arc4random_buf(p, n) memset(p, 90, n)
#define getenv(name) ((char *)0)
#define fprintf(...) 0
END
}

# compile_wasm_library NAME "SOURCE..." [OPTION...]
compile_wasm_library() {
    local name=$1 source objects=()
    # shellcheck disable=SC2206
    local sources=($2)
    shift 2
    rm -f "$DEPS/wasm/lib/lib$name.a"
    for source in "${sources[@]}"; do
        objects+=("$DEPS/wasm/$name-$(basename "$source" .c).o")
        emcc -Oz -w "$@" -c "$source" -o "${objects[-1]}" ||
            die "$name does not compile with $(emcc --version | head -1)"
    done
    emar rcs "$DEPS/wasm/lib/lib$name.a" "${objects[@]}" || die "emar cannot make lib$name.a"
}

# The libraries that a native build uses, compiled for 64-bit ARM, in .deps/arm: all but HDF5 and MPI.
# False where the cross compiler or the emulator cannot be had.
want_arm_libraries() {
    want gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user || return 1
    local arm=$DEPS/arm src=$DEPS/src cc=aarch64-linux-gnu-gcc key name
    local names="cjson cmocka expat libdeflate libzip protobuf-c zlib"
    key="$($cc --version | head -1): $names ${LIBDEFLATE[*]}"
    stamp_matches "$arm/stamp" "$key" && return
    say "compiling $names for ARM"
    for name in $names; do fetch_source "$name"; done
    rm -rf "$arm" && mkdir -p "$arm/expat" && : >"$arm/expat/expat_config.h" && mkdir -p "$arm/lib" "$arm/include/cjson" "$arm/include/protobuf-c"
    cp "$src/cjson/cJSON.h" "$arm/include/cjson/"
    cp "$src/protobuf-c/protobuf-c/protobuf-c.h" "$arm/include/protobuf-c/"
    cp "$src"/cmocka/include/*.h "$src/libdeflate/libdeflate.h" "$src/zlib/zlib.h" "$src/zlib/zconf.h" \
        "$(expat_folder)"/lib/expat{,_external}.h "$arm/include/"
    quietly "$DEPS/log/arm-libraries" compile_arm_libraries ||
        { say "the libraries do not compile for ARM (log: .deps/log/arm-libraries)"; return 1; }
    echo "$key" >"$arm/stamp"
}

compile_arm_libraries() {
    compile_arm_library cjson "$src/cjson/cJSON.c" &&
        compile_arm_library cmocka "$src/cmocka/src/cmocka.c" -I"$src/cmocka/include" "${CMOCKA_HAS[@]}" &&
        compile_arm_library deflate "${LIBDEFLATE[@]/#/$src/libdeflate/lib/}" "$src/libdeflate/lib/arm/cpu_features.c" \
            -I"$src/libdeflate" &&
        compile_arm_library expat "${EXPAT[@]/#/$(expat_folder)/lib/}" -I"$arm/expat" \
            -DHAVE_MEMMOVE -DHAVE_GETRANDOM -DXML_DTD -DXML_GE=1 -DXML_NS &&
        compile_arm_library protobuf-c "$src/protobuf-c/protobuf-c/protobuf-c.c" -I"$src/protobuf-c" &&
        compile_arm_library z "$src"/zlib/{adler32,compress,crc32,deflate,infback,inffast,inflate}.c \
            "$src"/zlib/{gzclose,gzlib,gzread,gzwrite,inftrees,trees,uncompr,zutil}.c -DHAVE_UNISTD_H &&
        configure_arm "$src/libzip" "$arm/libzip" "-DCMAKE_INSTALL_PREFIX=$arm" -DENABLE_GNUTLS=OFF \
            -DENABLE_MBEDTLS=OFF -DENABLE_OPENSSL=OFF -DENABLE_BZIP2=OFF -DENABLE_LZMA=OFF \
            -DENABLE_ZSTD=OFF -DBUILD_TOOLS=OFF -DBUILD_REGRESS=OFF -DBUILD_EXAMPLES=OFF -DBUILD_DOC=OFF &&
        ninja -C "$arm/libzip" -j "$JOBS" install
}

# compile_arm_library NAME SOURCE... [-OPTION...]
compile_arm_library() {
    local name=$1 objects=$arm/objects/$1
    shift
    mkdir -p "$objects"
    (cd "$objects" && $cc -O2 -w -fPIC -c "$@" && aarch64-linux-gnu-ar rcs "$arm/lib/lib$name.a" ./*.o)
}

# configure_arm SOURCE FOLDER [-DOPTION...]
configure_arm() {
    local source=$1 dir=$2
    shift 2
    cmake -G Ninja -S "$source" -B "$dir" -DCMAKE_BUILD_TYPE=Release -DCMAKE_SYSTEM_NAME=Linux \
        -DCMAKE_SYSTEM_PROCESSOR=aarch64 -DCMAKE_C_COMPILER=aarch64-linux-gnu-gcc \
        "-DCMAKE_FIND_ROOT_PATH=$DEPS/arm;/usr/aarch64-linux-gnu" \
        -DCMAKE_FIND_ROOT_PATH_MODE_LIBRARY=ONLY -DCMAKE_FIND_ROOT_PATH_MODE_INCLUDE=ONLY \
        -DCMAKE_FIND_ROOT_PATH_MODE_PACKAGE=ONLY "$@"
}

# need_node_modules FOLDER: what FOLDER/package-lock.json names, exactly.
need_node_modules() {
    local dir=$1 key
    need_npm
    key=$(cksum <"$dir/package-lock.json")
    stamp_matches "$dir/node_modules/.stamp" "$key" && return
    say "installing $dir/node_modules"
    (cd "$dir" && npm ci --no-audit --no-fund --loglevel=error >/dev/null) ||
        die "npm ci failed in $dir"
    echo "$key" >"$dir/node_modules/.stamp"
}

# need_venv NAME REQUIREMENTS: a Python environment in .deps/NAME.
need_venv() {
    local dir=$DEPS/$1 requirements=$2 key
    command -v python3 >/dev/null || need python3
    key=$(cksum <"$requirements")
    stamp_matches "$dir/.stamp" "$key" && return
    python3 -c 'import ensurepip, venv' 2>/dev/null || need python3-venv
    say "making the Python environment .deps/$1"
    rm -rf "$dir"
    python3 -m venv "$dir" && "$dir/bin/pip" -q --disable-pip-version-check install \
        -r "$requirements" || die "the Python environment .deps/$1 cannot be made"
    echo "$key" >"$dir/.stamp"
}

# build_native FOLDER [-DOPTION...] [TARGET...]
build_native() {
    local dir=$1 options=()
    shift
    while [[ ${1:-} == -* ]]; do options+=("$1"); shift; done
    cmake -G Ninja -S . -B "$dir" "${options[@]}" && ninja -C "$dir" -j "$JOBS" "$@"
}

# build_arm FOLDER: for 64-bit ARM; the tests run in an emulator.
build_arm() {
    configure_arm . "$1" "-DXP_DEPS_DIR=$DEPS/arm" -DCMAKE_DISABLE_FIND_PACKAGE_MPI=ON \
        "-DCMAKE_CROSSCOMPILING_EMULATOR=qemu-aarch64;-L;/usr/aarch64-linux-gnu" &&
        ninja -C "$1" -j "$JOBS"
}

# build_wasm FOLDER SIMD(ON/OFF) [TARGET...]
build_wasm() {
    local dir=$1 simd=$2
    shift 2
    emcmake cmake -G Ninja -S . -B "$dir" -DCMAKE_BUILD_TYPE=Release -DXP_WASM_SIMD="$simd" \
        -DXP_DEPS_DIR="$DEPS/wasm" "-DCMAKE_CROSSCOMPILING_EMULATOR=$ROOT/scripts/wasm-node" &&
        ninja -C "$dir" -j "$JOBS" "$@"
}

# quietly LOG COMMAND... : output goes to LOG, which is shown when the command fails.
quietly() {
    local log=$1
    shift
    mkdir -p "$(dirname "$log")"
    "$@" >"$log" 2>&1 || { tail -40 "$log"; return 1; }
}

# The native tool, at build/xplaim.
build_tool() {
    quietly "$DEPS/log/tool" build_native build/native -DCMAKE_BUILD_TYPE=Release xplaim make_model record_block \
        xplaim_shared xplaim_static xplaim_man &&
        ln -sf native/tools/xplaim build/xplaim
}

# The page, in web/dist: the modules, the model and the sample record beside the sources, and the
# service worker with the list of them all.
build_page() {
    local modules
    quietly "$DEPS/log/wasm-simd" build_wasm build/wasm-simd ON xplaim_wasm || return 1
    quietly "$DEPS/log/wasm-scalar" build_wasm build/wasm-scalar OFF xplaim_wasm || return 1
    rm -rf web/dist
    mkdir -p web/dist/samples
    # Where clang 16 is there; it may not know what a newer Emscripten makes.
    if build_wasm build/wasm-simd ON xplaim_relaxed >"$DEPS/log/wasm-relaxed" 2>&1; then
        modules='["relaxed", "simd", "scalar"]'
    else
        rm -f build/wasm-simd/web/xplaim-relaxed.wasm
        modules='["simd", "scalar"]'
    fi
    echo "$modules" >web/dist/modules.json
    cp web/*.html web/*.css web/*.webmanifest web/icon* build/wasm-*/web/*.wasm web/dist/
    need_node_modules scripts
    node scripts/build-scripts.mjs web web/dist || return 1
    cp web/samples/* web/dist/samples/
    page_model web/dist/model.safetensors || return 1
    node scripts/build-cases.mjs web web/dist/cases/first-eight.zip >/dev/null || return 1
    node scripts/build-worker.mjs web/dist
}

# The network that the page ships.
page_model() { cp model_weights/ecg-xplaim.safetensors "$1"; }

# The engines that the page is tested in. Where Debian's packages are not to be had (Ubuntu has Firefox
# and Chromium as snaps), a browser that is there already will do.
want_browsers() {
    command -v chromium chromium-browser google-chrome >/dev/null || want chromium ||
        say "no chromium: its tests will be skipped"
    command -v firefox-esr firefox >/dev/null || want firefox-esr ||
        say "no firefox: its tests will be skipped"
    want webkit2gtk-driver xvfb || say "no WebKit driver: its tests will be skipped"
}

# What scripts/test uses beyond the demo.
need_tests() {
    need clang libcmocka-dev libhdf5-dev libflac-dev libopenmpi-dev openmpi-bin pkg-config
    want clang-format-14 || need clang-format # versions do not agree on every line
    want libclang-rt-dev || true # clang's sanitizers, where they are a package of their own
    need_npm
    want_browsers
    want 7zip zip || say "no 7-Zip: archives as it writes them are not tried"
    want clang-16 lld-16 || say "no clang 16: the page is built without its relaxed-SIMD module"
    need_wasm_libraries tests
    need_node_modules tests
    need_node_modules scripts
    need_venv venv scripts/requirements.txt
}

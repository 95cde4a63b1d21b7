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
    need gcc g++ make cmake ninja-build pkg-config libcjson-dev libzip-dev libhdf5-dev \
        libflac-dev libstb-dev zlib1g-dev protobuf-c-compiler libprotobuf-c-dev libonnx-dev \
        fonts-dejavu-core
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
    (cd "$dir/work" && apt-get "${opts[@]}" source "$name" >"$dir/$name.log" 2>&1) ||
        { tail -5 "$dir/$name.log" >&2; die "apt-get source $name failed"; }
    mv "$dir"/work/*/ "$dir/$name"
    rm -rf "$dir/work"
}

source_archives() {
    apt-get indextargets --format '$(ORIGIN)|deb-src $(REPO_URI) $(RELEASE) $(COMPONENT)' \
        'Created-By: Packages' | sed -nE 's/^(Debian|Ubuntu)\|//p' | sort -u
}

# cJSON and cmocka compiled to WebAssembly: static libraries in .deps/wasm.
need_wasm_libraries() {
    local with_tests=${1:-} key
    need_emscripten
    key=$(emcc --version | head -1)
    mkdir -p "$DEPS/wasm/lib" "$DEPS/wasm/include/cjson"
    if ! stamp_matches "$DEPS/wasm/cjson.stamp" "$key"; then
        say "compiling cJSON to WebAssembly"
        fetch_source cjson
        cp "$DEPS/src/cjson/cJSON.h" "$DEPS/wasm/include/cjson/"
        compile_wasm_library cjson "$DEPS/src/cjson/cJSON.c"
        echo "$key" >"$DEPS/wasm/cjson.stamp"
    fi
    [ "$with_tests" ] || return 0
    if ! stamp_matches "$DEPS/wasm/cmocka.stamp" "$key"; then
        say "compiling cmocka to WebAssembly"
        fetch_source cmocka
        cp "$DEPS/src/cmocka/include/"*.h "$DEPS/wasm/include/"
        compile_wasm_library cmocka "$DEPS/src/cmocka/src/cmocka.c" \
            -I"$DEPS/src/cmocka/include" -sSUPPORT_LONGJMP=1 -D_UINTPTR_T_DEFINED -DHAVE_SIGNAL_H=1 -DHAVE_MALLOC_H=1 \
            -DHAVE_STRUCT_TIMESPEC=1 -DHAVE_CLOCK_GETTIME=1 -DHAVE_INTTYPES_H=1 -DHAVE_STDINT_H=1 \
            -DHAVE_TIME_H=1 -DHAVE_STRINGS_H=1 -DHAVE_UNISTD_H=1 -DHAVE_SETJMP_H=1
        echo "$key" >"$DEPS/wasm/cmocka.stamp"
    fi
}

compile_wasm_library() {
    local name=$1 source=$2
    shift 2
    emcc -O2 -w "$@" -c "$source" -o "$DEPS/wasm/$name.o" &&
        rm -f "$DEPS/wasm/lib/lib$name.a" &&
        emar rcs "$DEPS/wasm/lib/lib$name.a" "$DEPS/wasm/$name.o" ||
        die "$name does not compile with $(emcc --version | head -1)"
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
    quietly "$DEPS/log/tool" build_native build/native -DCMAKE_BUILD_TYPE=Release xplaim make_model &&
        ln -sf native/tools/xplaim build/xplaim
}

# The page, in web/dist: the modules, the model and the sample record beside the sources, and the
# service worker with the list of them all.
build_page() {
    quietly "$DEPS/log/wasm-simd" build_wasm build/wasm-simd ON xplaim_wasm || return 1
    quietly "$DEPS/log/wasm-scalar" build_wasm build/wasm-scalar OFF xplaim_wasm || return 1
    rm -rf web/dist
    mkdir -p web/dist/samples
    if build_relaxed >"$DEPS/log/wasm-relaxed" 2>&1; then
        cp build/wasm-simd/xplaim-relaxed.wasm web/dist/
        echo '["relaxed", "simd", "scalar"]' >web/dist/modules.json
    else
        echo '["simd", "scalar"]' >web/dist/modules.json
    fi
    cp web/*.html web/*.css web/*.js web/*.webmanifest web/icon* build/wasm-*/web/*.wasm web/dist/
    cp web/samples/* web/dist/samples/
    page_model web/dist/model.safetensors || return 1
    node scripts/build-worker.mjs web/dist
}

# The module with relaxed SIMD (fused multiply-add): the SIMD build with its kernel unit compiled and
# linked by clang 16, since older Emscripten knows those instructions only in a draft's encoding.
# False where clang 16 or a library of Emscripten's is not there; the page then does without.
build_relaxed() {
    local dir=build/wasm-simd sysroot libs
    command -v clang-16 >/dev/null && command -v wasm-ld-16 >/dev/null || return 1
    sysroot=$(em-config CACHE)/sysroot
    libs=$sysroot/lib/wasm32-emscripten
    [ -f "$libs/libstandalonewasm-memgrow.a" ] || return 1
    clang-16 --target=wasm32 -std=gnu11 -O3 -DNDEBUG -ffp-contract=fast -msimd128 -mrelaxed-simd \
        -D__EMSCRIPTEN__ -isystem "$sysroot/include" -Isrc -c src/kernels/unit_wasm.c \
        -o "$dir/unit_relaxed.o" || return 1
    cp "$dir/src/kernels/libxp_kernels.a" "$dir/libxp_kernels_relaxed.a"
    emar d "$dir/libxp_kernels_relaxed.a" unit_wasm.c.o || return 1
    wasm-ld-16 --no-entry -O2 --compress-relocations --strip-all --stack-first -z stack-size=262144 \
        --initial-memory=4194304 --max-memory=536870912 --export=_initialize --allow-undefined \
        -o "$dir/xplaim-relaxed.wasm" "$libs/crt1_reactor.o" \
        "$dir/web/CMakeFiles/xplaim_wasm.dir/__/src/wasm_api.c.o" "$dir/unit_relaxed.o" \
        "$dir/src/libxp_explain.a" "$dir/src/libxp_draw_request.a" "$dir/src/ecg/libxp_ecg.a" \
        "$dir/src/nn/libxp_nn.a" "$dir/src/plot/libxp_plot.a" \
        "$dir/libxp_kernels_relaxed.a" "$dir/src/base/libxp_base.a" "$DEPS/wasm/lib/libcjson.a" \
        "$libs/libstandalonewasm-memgrow.a" "$libs/libc.a" "$libs/libcompiler_rt.a" \
        "$libs/libdlmalloc.a" "$libs/libnoexit.a"
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
    need clang clang-format libcmocka-dev libopenmpi-dev openmpi-bin
    want libclang-rt-dev || true # clang's sanitizers, where they are a package of their own
    need_npm
    want_browsers
    want clang-16 lld-16 || say "no clang 16: the page is built without its relaxed-SIMD module"
    need_wasm_libraries tests
    need_node_modules tests
    need_venv venv scripts/requirements.txt
}

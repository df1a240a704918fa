//! `site`: the browser side, from Rust, CSS and files to `target/site`, ready to be served and cached for ever.
//!
//! ```text
//! target/site/site.json                                {"hash": "…"}
//! target/site/pkg/<hash>/tallygate{.js,_bg.wasm,.css}  named by what is in them, so a change is a new address
//! target/site/pkg/<hash>/{loader.js,pages.json,shared.wasm,<page>.wasm}  what is loaded with a page and not before, see `split`
//! target/site/<files of public/>
//! ```
//!
//! With `--release` each file has its `.br` and `.gz` beside it and the size gates apply, see `weight`.

mod split;
mod weight;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};
use wasm_bindgen_cli_support::Bindgen;

use crate::{setup, shell, wasm};

pub const OUTPUT: &str = "target/site";
const STAGING: &str = "target/site-new";
const OLD: &str = "target/site-old";
const NAME: &str = "tallygate";

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    Dev,
    Release,
}

impl Profile {
    /// Where the browser program waits for the next assembly, so that a change of CSS compiles nothing.
    fn program(self) -> &'static str {
        match self {
            Self::Dev => "target/site-program/dev",
            Self::Release => "target/site-program/release",
        }
    }
}

pub fn run(profile: Profile) -> Result<()> {
    build_program(profile)?;
    assemble(profile)
}

/// `frontend` → wasm → wasm-bindgen → (release) wasm-opt.
pub fn build_program(profile: Profile) -> Result<()> {
    let mut build = wasm::cargo(&["rustc", "-p", "frontend", "--lib", "--crate-type", "cdylib"])?;
    let folder = match profile {
        Profile::Dev => "debug",
        Profile::Release => {
            build.args(["--profile", "wasm-release"]);
            "wasm-release"
        }
    };
    // Where the program is cut is read from what the linker knows. Only the last step is told, to compile nothing twice.
    shell::run(build.args(["--", "-C", "link-arg=--emit-relocs"]))?;
    bind(&Path::new(wasm::TARGET_DIR).join(wasm::TARGET).join(folder).join("frontend.wasm"), profile)
}

/// rustc's output → what a browser loads, in `Profile::program`. Only the program itself has bindings: the other files call
/// them through it.
fn bind(input: &Path, profile: Profile) -> Result<()> {
    let output = Path::new(profile.program());
    if output.exists() {
        fs::remove_dir_all(output)?;
    }
    fs::create_dir_all(output)?;
    let release = profile == Profile::Release;
    let main = output.with_extension("wasm");
    split::split(input, &main, output, &format!("{NAME}.js"))?;
    let mut bindgen = Bindgen::new();
    bindgen.input_path(&main).out_name(NAME).web(true)?.typescript(false);
    // The other files find the function table and the stack among the exports, and functions by their linker names.
    bindgen.keep_lld_exports(true).demangle(false);
    bindgen.remove_name_section(release).remove_producers_section(release);
    bindgen.generate(output).context("wasm-bindgen")?;
    if release {
        for file in files(output)?.iter().filter(|file| file.extension().is_some_and(|it| it == "wasm")) {
            optimise(file)?;
        }
    }
    Ok(())
}

/// The size pass. The gates decide whether a build without it is still good enough.
fn optimise(program: &Path) -> Result<()> {
    let Some(mut wasm_opt) = setup::wasm_opt() else {
        println!("no wasm-opt: `cargo xtask setup --tests` adds it");
        return Ok(());
    };
    // What rustc's output uses, and `gc`: merged functions take what they differ in as a typed reference to a function.
    let features = [
        "bulk-memory",
        "nontrapping-float-to-int",
        "sign-ext",
        "mutable-globals",
        "reference-types",
        "multivalue",
        "gc",
    ];
    wasm_opt.args(features.map(|feature| format!("--enable-{feature}")));
    // rustc links with the stack first, growing down: the lowest kilobyte is its far end, and no address is near zero.
    // Knowing that, sums of an address and a constant become part of the access, 1 % of the program.
    wasm_opt.arg("--low-memory-unused");
    // Much of the code is one function compiled for many types: what the copies have in common becomes one, 6 % of the
    // program. Browsers know typed function references since Chrome 119, Firefox 120 and Safari 18.2.
    wasm_opt.args(["-Oz", "--merge-similar-functions", "-Oz"]);
    // The jumps of what is left, laid out anew: nearly 1 %.
    wasm_opt.args(["--flatten", "--rereloop", "-Oz", "-Oz"]);
    shell::run(wasm_opt.arg(program).arg("-o").arg(program))
}

/// Program, CSS and public files → `target/site`, put in place at once.
pub fn assemble(profile: Profile) -> Result<()> {
    let staging = Path::new(STAGING);
    for left_over in [STAGING, OLD] {
        if Path::new(left_over).exists() {
            fs::remove_dir_all(left_over)?;
        }
    }
    let pkg = staging.join("pkg/next");
    copy(Path::new(profile.program()), &pkg)?;
    fs::write(pkg.join(format!("{NAME}.css")), css(Path::new("style"))?)?;
    let hash = hash(&pkg)?;
    let named = staging.join("pkg").join(&hash);
    fs::rename(&pkg, &named)?;
    copy(Path::new("public"), staging)?;
    if profile == Profile::Release {
        for file in files(staging)? {
            compress(&file)?;
        }
    }
    fs::write(staging.join("site.json"), format!("{{\"hash\": \"{hash}\"}}\n"))?;
    let within = weight::weigh(&named, profile);

    if Path::new(OUTPUT).exists() {
        fs::rename(OUTPUT, OLD)?;
    }
    fs::rename(STAGING, OUTPUT)?;
    if Path::new(OLD).exists() {
        fs::remove_dir_all(OLD)?;
    }
    within
}

/// One style sheet: the tokens, what every page has, then one file per component by name.
fn css(folder: &Path) -> Result<String> {
    let mut sheets: Vec<PathBuf> = files(folder)?;
    sheets.retain(|sheet| sheet.extension().is_some_and(|extension| extension == "css"));
    let rank =
        |sheet: &PathBuf| ["tokens.css", "base.css"].iter().position(|first| sheet.ends_with(first)).unwrap_or(2);
    sheets.sort_by_key(|sheet| (rank(sheet), sheet.clone()));
    ensure!(sheets.first().is_some_and(|sheet| rank(sheet) == 0), "{}/tokens.css is missing", folder.display());
    let texts: Vec<String> = sheets.iter().map(fs::read_to_string).collect::<Result<_, _>>()?;
    Ok(texts.join("\n"))
}

/// All files below a folder, sorted.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for file in files(from)? {
        let target = to.join(file.strip_prefix(from)?);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::copy(&file, &target).with_context(|| format!("cannot copy {}", file.display()))?;
    }
    Ok(())
}

/// Of names and contents, so that every change is another folder.
fn hash(folder: &Path) -> Result<String> {
    let mut digest = Sha256::new();
    for file in files(folder)? {
        let content = fs::read(&file)?;
        digest.update(file.strip_prefix(folder)?.to_string_lossy().as_bytes());
        digest.update([0]);
        digest.update(content.len().to_le_bytes());
        digest.update(content);
    }
    Ok(digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}

fn compress(file: &Path) -> Result<()> {
    let content = fs::read(file)?;
    let params =
        brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, size_hint: content.len(), ..Default::default() };
    let mut br = Vec::new();
    brotli::BrotliCompress(&mut content.as_slice(), &mut br, &params)?;
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gz.write_all(&content)?;
    fs::write(beside(file, "br"), br)?;
    fs::write(beside(file, "gz"), gz.finish()?)?;
    Ok(())
}

fn beside(file: &Path, extension: &str) -> PathBuf {
    PathBuf::from(format!("{}.{extension}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn with(name: &str, files: &[(&str, &[u8])]) -> Self {
            let path = std::env::temp_dir().join(format!("xtask-site-{name}-{}", std::process::id()));
            fs::create_dir(&path).unwrap();
            for (file, content) in files {
                fs::write(path.join(file), content).unwrap();
            }
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn tokens_come_first_then_base_then_components_by_name() {
        let sheets: &[(&str, &[u8])] =
            &[("badge.css", b"3"), ("tokens.css", b"1"), ("table.css", b"4"), ("base.css", b"2")];
        let style = Folder::with("css", sheets);
        assert_eq!(css(&style.0).unwrap(), "1\n2\n3\n4");
    }

    #[test]
    fn every_change_is_another_address() {
        let before = Folder::with("hash-a", &[("tallygate.js", b"a")]);
        let after = Folder::with("hash-b", &[("tallygate.js", b"b")]);
        assert_ne!(hash(&before.0).unwrap(), hash(&after.0).unwrap());
        assert_eq!(hash(&before.0).unwrap(), hash(&before.0).unwrap());
    }
    #[test]
    fn a_program_over_the_gate_fails_a_release_and_not_a_development_build() {
        let program = vec![0; weight::FIRST_LOAD.raw + 1];
        let heavy = Folder::with("gate", &[("tallygate_bg.wasm", &program), (split::PAGES, b"{}")]);
        for file in files(&heavy.0).unwrap() {
            compress(&file).unwrap();
        }
        assert!(weight::weigh(&heavy.0, Profile::Release).unwrap_err().to_string().contains("the first load"));
        weight::weigh(&heavy.0, Profile::Dev).unwrap();
    }
}

//! What a browser downloads, and how much that may be. One more gate is a line in `GATES`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::{
    NAME, Profile, beside, files,
    split::{PAGES, Pages},
};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Size {
    raw: usize,
    br: usize,
    gz: usize,
}

impl Size {
    fn and(self, other: Self) -> Self {
        Self { raw: self.raw + other.raw, br: self.br + other.br, gz: self.gz + other.gz }
    }
}

pub struct Gate {
    what: &'static str,
    pub raw: usize,
    br: usize,
}

/// The most that the first load of any page may weigh in bytes: 900 kB and 300 kB are one experience on a slow network; the
/// rest follows from it. What `app::lazy`, `app::prelude` and `app::api` do to stay below is told there.
pub const FIRST_LOAD: Gate = Gate { what: "the first load", raw: 900_000, br: 300_000 };
/// The workbench is worth a little more than a table, and must not grow: those of its pages that are above, and their gate.
const HEAVY: (&[&str], Gate) =
    (&["Run", "Playground", "PlaygroundForm"], Gate { what: "the first load", raw: 950_000, br: 335_000 });
/// The most that one file of pages may add, so that none grows unseen.
const FILE: Gate = Gate { what: "a file of pages", raw: 250_000, br: 90_000 };
const SCRIPTS: Gate = Gate { what: "the scripts", raw: usize::MAX, br: 20_000 };
const STYLES: Gate = Gate { what: "the styles", raw: usize::MAX, br: 25_000 };

/// Prints the sizes; in a release build the gates decide.
pub fn weigh(pkg: &Path, profile: Profile) -> Result<()> {
    let mut sizes = BTreeMap::new();
    println!("{:<28}{:>12}{:>12}{:>12}", "bytes", "raw", "brotli", "gzip");
    for file in files(pkg)? {
        let name = file.strip_prefix(pkg)?.display().to_string();
        if name.ends_with(".br") || name.ends_with(".gz") {
            continue;
        }
        let size = |path: &Path| fs::metadata(path).map(|found| usize::try_from(found.len()).unwrap_or(usize::MAX));
        let raw = size(&file)?;
        if profile == Profile::Dev {
            println!("{name:<28}{raw:>12}");
            continue;
        }
        let size = Size { raw, br: size(&beside(&file, "br"))?, gz: size(&beside(&file, "gz"))? };
        print(&name, size);
        sizes.insert(name, size);
    }
    if profile == Profile::Dev {
        return Ok(());
    }
    let pages = fs::read_to_string(pkg.join(PAGES)).with_context(|| format!("{PAGES} is missing"))?;
    judge(&sizes, &serde_json::from_str(&pages)?)
}

fn print(name: &str, Size { raw, br, gz }: Size) {
    println!("{name:<28}{raw:>12}{br:>12}{gz:>12}");
}

/// By what a page loads, not by file: the program alone says little about a page whose views are elsewhere.
fn judge(sizes: &BTreeMap<String, Size>, pages: &Pages) -> Result<()> {
    let sum = |wanted: &dyn Fn(&str) -> bool| {
        sizes.iter().filter(|(name, _)| wanted(name)).fold(Size::default(), |all, (_, size)| all.and(*size))
    };
    let is_program = |name: &str| name.starts_with(NAME) && name.ends_with(".wasm");
    let mut judged = vec![(FIRST_LOAD, "without a page".to_owned(), sum(&is_program))];
    for (page, files) in pages {
        let loaded = sum(&|name| is_program(name) || files.iter().any(|file| file == name));
        let gate = if HEAVY.0.contains(&page.as_str()) { HEAVY.1 } else { FIRST_LOAD };
        judged.push((gate, format!("with {page}"), loaded));
    }
    judged.sort_by_key(|(_, _, size)| size.br);
    if let (Some((_, least, small)), Some((_, most, large))) = (judged.first(), judged.last()) {
        print(&format!("first load {least}"), *small);
        print(&format!("first load {most}"), *large);
    }
    let others = sizes.iter().filter(|(name, _)| name.ends_with(".wasm") && !is_program(name));
    judged.extend(others.map(|(name, size)| (FILE, name.clone(), *size)));
    judged.push((SCRIPTS, String::new(), sum(&|name| name.ends_with(".js"))));
    judged.push((STYLES, String::new(), sum(&|name| name.ends_with(".css"))));
    let mut over = Vec::new();
    for (Gate { what, raw, br }, which, size) in judged {
        if size.raw > raw || size.br > br {
            over.push(format!("{what} {which} is over its gate of {raw} raw, {br} brotli"));
        } else if size.raw > raw / 10 * 9 || size.br > br / 10 * 9 {
            println!("warning: {what} {which} is above 90 % of its gate");
        }
    }
    if over.is_empty() { Ok(()) } else { bail!("{}", over.join("; ").replace(&usize::MAX.to_string(), "any size")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(sizes: &[(&str, usize)], pages: &[(&str, &[&str])]) -> Result<()> {
        let size = |br: usize| Size { raw: 2 * br, br, gz: br };
        let sizes = sizes.iter().map(|(name, br)| ((*name).to_owned(), size(*br))).collect();
        let files = |files: &[&str]| files.iter().map(|file| (*file).to_owned()).collect();
        judge(&sizes, &pages.iter().map(|(page, all)| ((*page).to_owned(), files(all))).collect())
    }

    #[test]
    fn the_first_load_is_the_program_and_what_its_page_needs() {
        let sizes = [("tallygate_bg.wasm", 200_000), ("shared.wasm", 60_000), ("Keys.wasm", 50_000)];
        judged(&sizes, &[("Keys", &["Keys.wasm"])]).unwrap();
        let more = judged(&sizes, &[("Keys", &["Keys.wasm", "shared.wasm"])]);
        assert!(more.unwrap_err().to_string().contains("with Keys"));
    }

    #[test]
    fn no_file_of_pages_grows_unseen() {
        let one = judged(&[("tallygate_bg.wasm", 100_000), ("Playground.wasm", 90_001)], &[]);
        assert!(one.unwrap_err().to_string().contains("a file of pages Playground.wasm"));
    }

    #[test]
    fn two_pages_are_never_one_first_load() {
        let sizes = [("tallygate_bg.wasm", 200_000), ("Keys.wasm", 80_000), ("Runs.wasm", 80_000)];
        judged(&sizes, &[("Keys", &["Keys.wasm"]), ("Runs", &["Runs.wasm"])]).unwrap();
    }
}

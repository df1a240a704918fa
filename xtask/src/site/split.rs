//! Cuts the browser program at each `lazy!` of `app`: what only one page needs becomes a file of its own.
//!
//! The splitter makes a file for every set of pages that share something, dozens of them, and a page would wait for many. So
//! the small ones become two, `shared.wasm` and `workbench.wasm`; a large one stays, because not every page should wait for it.
//! Functions of one file call those of another through the function table and all use one memory: they can be loaded in any
//! order. `pages.json` says which files a page needs.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{CodeSection, DataSection, ElementSection, FunctionSection, ImportSection, Module, TypeSection};
use wasmparser::{DataKind, Parser, Payload, TypeRef};

/// Page → its files. The server reads it too, for what it preloads.
pub type Pages = BTreeMap<String, Vec<String>>;
pub const PAGES: &str = "pages.json";
/// Loads the files; the program imports it.
const LOADER: &str = "loader.js";
/// What pages share, and what only those of the workbench do: it is no load for a table. One more page of the workbench is one
/// more name here; without it, all pages would load what that page shares.
const SHARED: &str = "shared.wasm";
const WORKBENCH: &str = "workbench.wasm";
const OF_WORKBENCH: [&str; 9] = [
    "HistoryCompare",
    "HistoryList",
    "Playground",
    "PlaygroundForm",
    "PlaygroundMore",
    "Request",
    "Run",
    "Runs",
    "VerdictReport",
];
/// From this many bytes on, before the size pass, what pages share is a file of its own.
const LARGE: usize = 64 * 1024;
/// The splitter names the files `split_<page>.wasm` and `chunk_<number>.wasm`.
const OF_PAGE: &str = "split_";

/// `program`, as the linker left it with its relocations → `main`, for wasm-bindgen, and in `output` the other files.
pub fn split(program: &Path, main: &Path, output: &Path, script: &str) -> Result<()> {
    let input = fs::read(program).with_context(|| format!("cannot read {}", program.display()))?;
    let parts = main.with_extension("parts");
    clear(&parts)?;
    let mut options = wasm_split_cli_support::Options::new(&input);
    options.output_dir = &parts;
    options.main_out_path = main;
    let link_name = format!("./{LOADER}");
    options.link_name = &link_name;
    let split = wasm_split_cli_support::transform(options).map_err(|error| anyhow!("{error:#}"))?;

    let mut merged = BTreeMap::<String, Merged>::new();
    // What the splitter calls a file → what we call it.
    let mut names = BTreeMap::new();
    for file in &split.split_modules {
        let content = fs::read(file)?;
        let part = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let name = match part.strip_prefix(OF_PAGE) {
            Some(page) => format!("{page}.wasm"),
            None if content.len() >= LARGE => format!("shared_{}.wasm", names.len()),
            None if is_of_workbench(&split.prefetch_map, &part) => WORKBENCH.to_owned(),
            None => SHARED.to_owned(),
        };
        if name == SHARED || name == WORKBENCH {
            merged.entry(name.clone()).or_default().add(&content).with_context(|| format!("cannot merge {part}"))?;
        } else {
            fs::write(output.join(&name), content)?;
        }
        names.insert(part, name);
    }
    for (name, merged) in merged {
        fs::write(output.join(name), merged.finish())?;
    }
    let pages = split.prefetch_map.into_iter().map(|(page, parts)| (page, files_of(&parts, &names))).collect();
    fs::write(output.join(LOADER), loader(script, &pages))?;
    fs::write(output.join(PAGES), serde_json::to_string(&pages)?)?;
    fs::remove_dir_all(&parts)?;
    Ok(())
}

/// Do no other pages need it?
fn is_of_workbench<'a>(pages: impl IntoIterator<Item = (&'a String, &'a Vec<String>)>, part: &str) -> bool {
    let mut users = pages.into_iter().filter(|(_, parts)| parts.iter().any(|it| it == part));
    users.all(|(page, _)| OF_WORKBENCH.contains(&page.as_str()))
}

/// Each file once: many parts of a page are in the one that is shared.
fn files_of(parts: &[String], names: &BTreeMap<String, String>) -> Vec<String> {
    let mut files: Vec<String> = parts.iter().filter_map(|part| names.get(part).cloned()).collect();
    files.sort();
    files.dedup();
    files
}

fn clear(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(fs::create_dir_all(folder)?)
}

/// One exported function per page, under the name that `wasm_split_macros` gives it. What failed is asked for again the next
/// time; the page is told, and says what to do about it.
fn loader(script: &str, pages: &Pages) -> String {
    let mut text = format!(
        r#"import {{ initSync as program }} from "./{script}";
const files = new Map();
function load(name) {{
    if (!files.has(name)) {{
        const answer = fetch(new URL(name, import.meta.url));
        const loading = WebAssembly.instantiateStreaming(answer, {{ __wasm_split: program() }});
        loading.catch(() => files.delete(name));
        files.set(name, loading);
    }}
    return files.get(name);
}}
const page = (...names) => (callback, data) => {{
    const tell = (loaded) => program().__indirect_function_table.get(callback)(data, loaded);
    Promise.all(names.map(load)).then(() => true, () => false).then(tell);
}};
"#
    );
    for (page, files) in pages {
        let files: Vec<String> = files.iter().map(|file| format!("{file:?}")).collect();
        text.push_str(&format!("export const __wasm_split_load_{page} = page({});\n", files.join(", ")));
    }
    text
}

/// Several files of one splitting as one. They have the same types, the same memory and the same table, and import no
/// functions: only the numbers of functions and of imported globals differ.
#[derive(Default)]
struct Merged {
    types: Option<TypeSection>,
    imports: ImportSection,
    /// In the order of `imports`, by name.
    globals: Vec<String>,
    others: Vec<String>,
    functions: FunctionSection,
    elements: ElementSection,
    code: CodeSection,
    data: DataSection,
}

/// From the numbers of one file to those of the merged one.
struct Numbers {
    functions: u32,
    globals: Vec<u32>,
}

impl Reencode for Numbers {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, index: u32) -> Result<u32, reencode::Error> {
        Ok(self.functions + index)
    }

    fn global_index(&mut self, index: u32) -> Result<u32, reencode::Error> {
        self.globals.get(index as usize).copied().ok_or(reencode::Error::InvalidConstExpr)
    }
}

impl Merged {
    fn add(&mut self, file: &[u8]) -> Result<()> {
        let mut numbers = Numbers { functions: self.functions.len(), globals: Vec::new() };
        for part in Parser::new(0).parse_all(file) {
            match part? {
                Payload::TypeSection(types) if self.types.is_none() => {
                    let mut own = TypeSection::new();
                    numbers.parse_type_section(&mut own, types)?;
                    self.types = Some(own);
                }
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        self.import(import?, &mut numbers)?;
                    }
                }
                Payload::FunctionSection(part) => numbers.parse_function_section(&mut self.functions, part)?,
                Payload::ElementSection(part) => numbers.parse_element_section(&mut self.elements, part)?,
                Payload::CodeSectionEntry(body) => numbers.parse_function_body(&mut self.code, body)?,
                Payload::DataSection(part) => {
                    for data in part {
                        let data = data?;
                        // Nothing names an active one by its number.
                        let DataKind::Active { .. } = data.kind else { bail!("it has passive data") };
                        if !data.data.is_empty() {
                            numbers.parse_data(&mut self.data, data)?;
                        }
                    }
                }
                Payload::TypeSection(_)
                | Payload::Version { .. }
                | Payload::CodeSectionStart { .. }
                | Payload::DataCountSection { .. }
                | Payload::CustomSection(_)
                | Payload::End(_) => {}
                Payload::ExportSection(part) if part.count() == 0 => {}
                other => bail!("it has a part that nobody expected: {other:?}"),
            }
        }
        Ok(())
    }

    fn import(&mut self, import: wasmparser::Import<'_>, numbers: &mut Numbers) -> Result<()> {
        let (known, is_global) = match import.ty {
            TypeRef::Global(_) => (&mut self.globals, true),
            TypeRef::Memory(_) | TypeRef::Table(_) => (&mut self.others, false),
            _ => bail!("it imports {}", import.name),
        };
        let place = match known.iter().position(|name| name == import.name) {
            Some(place) => place,
            None => {
                known.push(import.name.to_owned());
                numbers.parse_import(&mut self.imports, import)?;
                known.len() - 1
            }
        };
        if is_global {
            numbers.globals.push(u32::try_from(place)?);
        }
        Ok(())
    }

    fn finish(self) -> Vec<u8> {
        let mut module = Module::new();
        module.section(&self.types.unwrap_or_default()).section(&self.imports).section(&self.functions);
        module.section(&self.elements).section(&self.code).section(&self.data);
        module.finish()
    }
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{ConstExpr, Elements, EntityType, Function, GlobalType, ValType};
    use wasmparser::Operator;

    use super::*;

    const STACK: &str = "stack";

    /// A file with one function, at `slot` of the table: it calls itself and reads the stack pointer.
    fn file(globals: &[&str], slot: i32) -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut imports = ImportSection::new();
        for name in globals {
            let global = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
            imports.import("__wasm_split", name, EntityType::Global(global));
        }
        let mut functions = FunctionSection::new();
        functions.function(0);
        let mut elements = ElementSection::new();
        elements.active(None, &ConstExpr::i32_const(slot), Elements::Functions(vec![0].into()));
        let stack = globals.iter().position(|name| *name == STACK).unwrap();
        let mut function = Function::new([]);
        function.instructions().call(0).global_get(u32::try_from(stack).unwrap()).drop().end();
        let mut code = CodeSection::new();
        code.function(&function);
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&functions).section(&elements).section(&code);
        module.finish()
    }

    fn calls_and_globals(file: &[u8]) -> Vec<(u32, u32)> {
        let mut found = Vec::new();
        for part in Parser::new(0).parse_all(file) {
            let Payload::CodeSectionEntry(body) = part.unwrap() else { continue };
            let operators: Vec<_> = body.get_operators_reader().unwrap().into_iter().collect::<Result<_, _>>().unwrap();
            let [Operator::Call { function_index }, Operator::GlobalGet { global_index }, ..] = operators[..] else {
                panic!("another function: {operators:?}")
            };
            found.push((function_index, global_index));
        }
        found
    }

    #[test]
    fn a_function_of_any_merged_file_still_calls_itself_and_finds_the_stack() {
        let mut merged = Merged::default();
        merged.add(&file(&[STACK], 1)).unwrap();
        merged.add(&file(&["other", STACK], 2)).unwrap();
        assert_eq!(calls_and_globals(&merged.finish()), [(0, 0), (1, 0)]);
    }

    #[test]
    fn a_file_with_a_function_of_another_is_not_merged() {
        let mut imports = ImportSection::new();
        imports.import("__wasm_split", "function", EntityType::Function(0));
        let mut module = Module::new();
        module.section(&imports);
        let refused = Merged::default().add(&module.finish()).unwrap_err();
        assert_eq!(refused.to_string(), "it imports function");
    }

    #[test]
    fn a_page_comes_with_each_of_its_files_once() {
        let names =
            [("split_Keys", "Keys.wasm"), ("chunk_1", SHARED), ("chunk_2", SHARED), ("chunk_3", "shared_3.wasm")];
        let names = names.map(|(part, name)| (part.to_owned(), name.to_owned())).into();
        let parts = ["chunk_1", "chunk_2", "split_Keys"].map(str::to_owned);
        assert_eq!(files_of(&parts, &names), ["Keys.wasm", SHARED]);
    }

    #[test]
    fn the_program_imports_one_function_for_each_page() {
        let pages = Pages::from([("Keys".to_owned(), vec!["Keys.wasm".to_owned(), SHARED.to_owned()])]);
        let text = loader("tallygate.js", &pages);
        assert!(text.starts_with("import { initSync as program } from \"./tallygate.js\";"));
        assert!(text.ends_with("export const __wasm_split_load_Keys = page(\"Keys.wasm\", \"shared.wasm\");\n"));
    }
}

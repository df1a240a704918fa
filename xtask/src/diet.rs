//! Takes code out of the browser program that is linked but never called.
//!
//! Leptos keeps a pointer to every method of an erased view, so the linker must keep the methods that only lazily loaded
//! routes and templates call, and no optimiser can tell. We have neither. Their bodies become a trap, which the optimiser
//! then folds into one; should one be called after all, every browser test fails at once. When lazy routes come, this goes.

use std::path::Path;

use anyhow::{Context, Result};
use walrus::{FunctionKind, Module, ir::Instr};

/// Parts of the symbol names of methods that `leptos::mount::hydrate_body` never reaches.
const NEVER_CALLED: &[&str] = &["hydrate_async", "hydrate_from_template"];

/// Empties the functions in place.
pub fn slim(program: &Path) -> Result<()> {
    let mut module = Module::from_file(program).with_context(|| format!("cannot read {}", program.display()))?;
    let is_unused = |name: &str| NEVER_CALLED.iter().any(|part| name.contains(part));
    let mut emptied = 0;
    for function in module.funcs.iter_mut() {
        if !function.name.as_deref().is_some_and(is_unused) {
            continue;
        }
        if let FunctionKind::Local(body) = &mut function.kind {
            let entry = body.entry_block();
            body.block_mut(entry).instrs = vec![(Instr::Unreachable(walrus::ir::Unreachable {}), Default::default())];
            emptied += 1;
        }
    }
    println!("emptied {emptied} functions that nothing calls");
    module.emit_wasm_file(program).with_context(|| format!("cannot write {}", program.display()))
}

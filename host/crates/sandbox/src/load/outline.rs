//! The outline of a component: its imports and exports, and how much is nested in it. Bounded in time and memory, never
//! panics.

use wasmparser::{Chunk, Encoding, Parser, Payload};

use super::error::LoadError;
use crate::log::quoted;

/// Bytes of a component.
const MOST_BYTES: u64 = 64 << 20;
/// Modules and components within each other.
const MOST_DEPTH: usize = 8;
/// Modules and components in all.
const MOST_NESTED: usize = 200;
const MOST_NAMES: usize = 1_000;
const MAGIC: [u8; 4] = *b"\0asm";

/// What a component imports and exports, by name, in its order. The names are fit to be printed.
#[derive(Debug, Default)]
pub(super) struct Outline {
    pub(super) imports: Vec<String>,
    pub(super) exports: Vec<String>,
}

/// Reads the outline.
pub(super) fn outline(name: &str, wasm: &[u8]) -> Result<Outline, LoadError> {
    let size = wasm.len() as u64;
    if size > MOST_BYTES {
        return Err(LoadError::TooLarge { name: name.to_owned(), size, limit: MOST_BYTES });
    }
    begins_like_a_component(name, wasm)?;
    Reader { name, wasm, outline: Outline::default(), nested: 0 }.read()
}

fn begins_like_a_component(name: &str, wasm: &[u8]) -> Result<(), LoadError> {
    let known = wasm.len().min(MAGIC.len());
    if wasm[..known] != MAGIC[..known] {
        let begins = format!("`{}`", wasm[..known].escape_ascii());
        return Err(LoadError::NotWasm { name: name.to_owned(), begins });
    }
    if wasm.is_empty() {
        return Err(LoadError::NotWasm { name: name.to_owned(), begins: "nothing: it is empty".to_owned() });
    }
    if wasm.len() < 8 {
        return Err(LoadError::Truncated { name: name.to_owned(), size: wasm.len() as u64 });
    }
    Ok(())
}

struct Reader<'a> {
    name: &'a str,
    wasm: &'a [u8],
    outline: Outline,
    nested: usize,
}

impl<'a> Reader<'a> {
    fn read(mut self) -> Result<Outline, LoadError> {
        let mut outer = Vec::new();
        let mut parser = Parser::new(0);
        let mut rest = self.wasm;
        loop {
            let mut before = parser.clone();
            let payload = match parser.parse(rest, true) {
                Ok(Chunk::Parsed { consumed, payload }) => {
                    rest = &rest[consumed..];
                    payload
                }
                // Not asked for with all of the data at hand, but the type has it.
                Ok(Chunk::NeedMoreData(_)) => return Err(self.truncated()),
                Err(error) => {
                    let wants_more = matches!(before.parse(rest, false), Ok(Chunk::NeedMoreData(_)));
                    return Err(if wants_more { self.truncated() } else { self.invalid(&error) });
                }
            };
            match payload {
                Payload::ModuleSection { parser: inner, .. } | Payload::ComponentSection { parser: inner, .. } => {
                    self.enter(outer.len())?;
                    outer.push(std::mem::replace(&mut parser, inner));
                }
                Payload::End(_) => match outer.pop() {
                    Some(before) => parser = before,
                    None => return Ok(self.outline),
                },
                // The code itself is the validator's and the compiler's business.
                Payload::CodeSectionStart { size, .. } => {
                    parser.skip_section();
                    rest = rest.get(size as usize..).ok_or_else(|| self.truncated())?;
                }
                other => self.look_at(&other, outer.is_empty())?,
            }
        }
    }

    fn enter(&mut self, depth: usize) -> Result<(), LoadError> {
        self.nested += 1;
        let (what, limit) = match () {
            () if depth >= MOST_DEPTH => ("levels of components", MOST_DEPTH),
            () if self.nested > MOST_NESTED => ("modules and components", MOST_NESTED),
            () => return Ok(()),
        };
        Err(LoadError::TooMany { name: self.name.to_owned(), what, limit })
    }

    fn look_at(&mut self, payload: &Payload<'a>, is_outermost: bool) -> Result<(), LoadError> {
        match payload {
            Payload::Version { encoding: Encoding::Module, .. } if is_outermost => {
                Err(LoadError::CoreModule { name: self.name.to_owned() })
            }
            Payload::ComponentImportSection(imports) if is_outermost => {
                for import in imports.clone() {
                    let import = import.map_err(|error| self.invalid(&error))?;
                    self.outline.imports.push(quoted(import.name.name));
                }
                self.count_names()
            }
            Payload::ComponentExportSection(exports) if is_outermost => {
                for export in exports.clone() {
                    let export = export.map_err(|error| self.invalid(&error))?;
                    self.outline.exports.push(quoted(export.name.name));
                }
                self.count_names()
            }
            _ => Ok(()),
        }
    }

    fn count_names(&self) -> Result<(), LoadError> {
        if self.outline.imports.len() + self.outline.exports.len() > MOST_NAMES {
            let name = self.name.to_owned();
            return Err(LoadError::TooMany { name, what: "imports and exports", limit: MOST_NAMES });
        }
        Ok(())
    }

    fn truncated(&self) -> LoadError {
        LoadError::Truncated { name: self.name.to_owned(), size: self.wasm.len() as u64 }
    }

    fn invalid(&self, error: &wasmparser::BinaryReaderError) -> LoadError {
        LoadError::Invalid { name: self.name.to_owned(), reason: quoted(error) }
    }
}

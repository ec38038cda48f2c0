//! The guide's chapters and their fenced blocks. The tests of the command line read them too.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A chapter.
pub(crate) struct Chapter {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// A fenced block.
pub(crate) struct Block {
    /// What follows the opening fence: `rust,compile_fail`.
    pub(crate) kind: String,
    /// Its content in the chapter's text, in whole lines.
    pub(crate) range: Range<usize>,
}

/// All chapters and the table of contents, in the order of their names.
pub(crate) fn chapters(folder: &Path) -> Vec<Chapter> {
    let entries = fs::read_dir(folder).expect("the guide's folder").map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|kind| kind == "md")).collect();
    paths.sort();
    let chapter = |path: PathBuf| Chapter { text: fs::read_to_string(&path).expect("a chapter"), path };
    paths.into_iter().map(chapter).collect()
}

impl Chapter {
    /// Its fenced blocks, in order.
    pub(crate) fn blocks(&self) -> Vec<Block> {
        let (mut blocks, mut open, mut at) = (Vec::new(), None, 0);
        for line in self.text.split_inclusive('\n') {
            if let Some(kind) = line.strip_prefix("```") {
                open = match open {
                    None => Some((kind.trim_end().to_owned(), at + line.len())),
                    Some((kind, start)) => {
                        blocks.push(Block { kind, range: start..at });
                        None
                    }
                };
            }
            at += line.len();
        }
        assert!(open.is_none(), "{} has a block without an end", self.path.display());
        blocks
    }

    /// Checks that parts of the text are as expected; `BLESS=1` writes them instead.
    pub(crate) fn check(&self, expected: &[(Range<usize>, String)], same: impl Fn(&str, &str) -> bool) {
        let wrong = || expected.iter().filter(|(range, text)| !same(&self.text[range.clone()], text));
        if std::env::var_os("BLESS").is_none() {
            if let Some((range, text)) = wrong().next() {
                let (path, found) = (self.path.display(), &self.text[range.clone()]);
                panic!("{path}: `BLESS=1` corrects this\n--- the guide has\n{found}--- expected\n{text}");
            }
            return;
        }
        let mut text = self.text.clone();
        for (range, part) in wrong().collect::<Vec<_>>().into_iter().rev() {
            text.replace_range(range.clone(), part);
        }
        if text != self.text {
            fs::write(&self.path, text).expect("the chapter can be written");
        }
    }
}

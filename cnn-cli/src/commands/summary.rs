//! `cnn summary`

mod cost;
mod json;
mod nesting;
mod table;
mod text;

use std::io::Write;
use std::num::NonZeroUsize;

use crate::args::summary::{Format, SummaryArgs};
use crate::failure::Failure;
use crate::output::Output;
use crate::registry::Model;

use self::cost::Facts;

/// Prints the layers of a net and their cost.
pub(super) fn summary(args: &SummaryArgs, out: &mut Output<impl Write>) -> Result<(), Failure> {
    let model = Model::given(&args.net)?;
    let facts = Facts::new(model);
    let depth = args.depth.map_or(usize::MAX, NonZeroUsize::get);
    if args.json.json {
        return out.json(&json::of(&facts, depth));
    }
    match args.format {
        Format::Text => text::text(&facts, depth, out)?,
        Format::Markdown => text::markdown(&facts, depth, out)?,
    }
    Ok(())
}

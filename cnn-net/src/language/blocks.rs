//! The blocks of a declaration: finds one body for all calls of a block.

use alloc::string::String;
use alloc::vec::Vec;

use super::Unsayable;
use super::repeat::repeated;
use super::tree::{Block, Number, Site, Statement};
use super::unify::{Differ, Unified, unify};
use super::words::is_block;

/// The blocks that are called, callees before callers; each call gets its arguments.
pub(super) fn blocks(sites: &mut [Site]) -> Result<Vec<Block>, Unsayable> {
    let mut waiting: Vec<String> = Vec::new();
    for site in &*sites {
        if !waiting.contains(&site.block) {
            waiting.push(site.block.clone());
        }
    }
    let mut blocks: Vec<Block> = Vec::new();
    while let Some(first) = waiting.first().cloned() {
        let calls_none =
            |block: &&String| !sites.iter().any(|site| site.outer == **block && waiting.contains(&site.block));
        let Some(name) = waiting.iter().find(calls_none).cloned() else {
            return Err(Unsayable::new(&first, "the block would call itself"));
        };
        if !is_block(&name) {
            return Err(Unsayable::new(&name, "a block can't have this name"));
        }
        waiting.retain(|other| *other != name);
        blocks.push(block(name, sites, &blocks)?);
    }
    Ok(blocks)
}

/// A block, from the bodies of its calls.
fn block(name: String, sites: &mut [Site], known: &[Block]) -> Result<Block, Unsayable> {
    let of: Vec<usize> = (0..sites.len()).filter(|index| sites[*index].block == name).collect();
    let different = |Differ(why)| Unsayable::new(&name, why);
    let mut bodies = Vec::new();
    for index in &of {
        bodies.push(unify(&[&*sites[*index].body], sites, known).map_err(different)?.body);
    }
    let all = |bodies: &[Vec<Statement>]| {
        let bodies: Vec<&[Statement]> = bodies.iter().map(|body| &**body).collect();
        unify(&bodies, sites, known)
    };
    let unified = match all(&bodies) {
        Ok(unified) => unified,
        // Perhaps calls repeat some steps more often, and others less.
        Err(_) => all(&bodies.into_iter().map(repeated).collect::<Vec<_>>()).map_err(different)?,
    };
    let Unified { body, params, values } = unified;
    for (call, index) in of.into_iter().enumerate() {
        sites[index].args = values.iter().filter_map(|values| values.get(call).copied()).map(Number::Is).collect();
    }
    Ok(Block { name, params, body: repeated(body) })
}

/// A body outside blocks, with the arguments of the calls in it, or why that can't be expressed.
pub(super) fn called(body: &[Statement], sites: &[Site], known: &[Block]) -> Result<Vec<Statement>, &'static str> {
    unify(&[body], sites, known).map(|unified| repeated(unified.body)).map_err(|Differ(why)| why)
}

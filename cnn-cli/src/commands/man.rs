//! `cnn man`

use std::io::{self, Write};

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::drawings::write_folder;
use crate::args::man::ManArgs;
use crate::args::{Args, Json};
use crate::failure::Failure;
use crate::output::Output;

/// Prints the manual page, or writes one for each command.
pub(super) fn man(args: &ManArgs, out: &mut Output<impl Write>) -> Result<(), Failure> {
    let mut all = Args::command().disable_help_subcommand(true);
    // Names of the commands as on the command line: `cnn-summary`.
    all.build();
    let Some(folder) = &args.folder else { return Ok(out.write_all(&page(&all)?)?) };
    let pages = [&all].into_iter().chain(all.get_subcommands());
    let pages = pages.map(|command| Ok((Man::new(command.clone()).get_filename(), page(command)?)));
    write_folder(folder, &pages.collect::<io::Result<Vec<_>>>()?, Json { json: false }, out)
}

fn page(command: &Command) -> io::Result<Vec<u8>> {
    let man = Man::new(command.clone()).source(concat!("cnn ", env!("CARGO_PKG_VERSION")));
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    let mut examples = Vec::new();
    man.render_extra_section(&mut examples)?;
    // As it is called elsewhere, and with its lines as they are.
    let examples = String::from_utf8_lossy(&examples).replacen(".SH EXTRA\n", ".SH EXAMPLES\n.nf\n", 1);
    page.extend_from_slice(examples.as_bytes());
    page.extend_from_slice(b".fi\n");
    Ok(page)
}

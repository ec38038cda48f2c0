//! The arguments of `cnn completions`.

use clap_complete::Shell;

#[derive(Debug, clap::Args)]
pub(crate) struct CompletionsArgs {
    /// Which shell
    #[arg(value_name = "SHELL", value_enum)]
    pub(crate) shell: Shell,
}

pub(super) const ABOUT: &str = "\
Print a script that lets a shell complete commands, options, the names of nets, and files.";

pub(super) const EXAMPLES: &str = "\
Examples, each for one user and for new shells:
  mkdir -p ~/.local/share/bash-completion/completions && cnn completions bash \\
      > ~/.local/share/bash-completion/completions/cnn

  cnn completions fish > ~/.config/fish/completions/cnn.fish

  cnn completions zsh > ~/.zfunc/_cnn
    with these lines in ~/.zshrc:
      fpath+=~/.zfunc
      autoload -Uz compinit && compinit

  cnn completions powershell >> $PROFILE";

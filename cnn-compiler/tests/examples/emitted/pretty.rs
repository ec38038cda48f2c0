//! Formats emitted code.

use proc_macro2::{Group, TokenStream, TokenTree};

/// Formats items, with a blank line between them. The content of `rt::if_alloc! { … }` and `rt::if_std! { … }` is formatted
/// too, as it looks with these features on.
pub(crate) fn pretty(tokens: TokenStream) -> syn::Result<String> {
    let text = prettyplease::unparse(&syn::parse2(open_conditions(tokens))?);
    let mut spaced = String::new();
    let mut last = "";
    for line in text.lines() {
        // A new item begins at a doc comment, or, without one, where the last item ended.
        let begins = |line: &str| {
            let line = line.trim_start();
            ["///", "#[", "pub ", "fn ", "impl", "static ", "const _"].iter().any(|start| line.starts_with(start))
        };
        let ends = last.trim_start().starts_with('}') || last.ends_with(';') && begins(line);
        if ends && begins(line) && !last.trim_start().starts_with("#[") {
            spaced.push('\n');
        }
        spaced.push_str(line);
        spaced.push('\n');
        last = line;
    }
    Ok(spaced)
}

fn open_conditions(tokens: TokenStream) -> TokenStream {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut opened = Vec::new();
    let mut rest = &tokens[..];
    while let [first, after @ ..] = rest {
        // rt :: if_… ! { … }
        if let [TokenTree::Ident(rt), _, _, TokenTree::Ident(name), _, TokenTree::Group(content), after @ ..] = rest
            && rt == "rt"
            && (name == "if_alloc" || name == "if_std")
        {
            opened.extend(open_conditions(content.stream()));
            rest = after;
            continue;
        }
        opened.push(match first {
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), open_conditions(group.stream()));
                inner.set_span(group.span());
                inner.into()
            }
            other => other.clone(),
        });
        rest = after;
    }
    opened.into_iter().collect()
}

//! Statements and steps.
//!
//! ```text
//! body      = { ( pipeline | aside ) ";" }
//! aside     = "aux" NAME "(" "weight" "=" expr ")" "{" body "}" | "tap" NAME | "keep" NAME | "output" NAME [ "{" body "}" ]
//! pipeline  = step { "->" step }
//! step      = [ NAME ":" ] kind
//! kind      = layer | [ ".." ] call | merge | "{" body "}" | "[" repeat "]" | "skip" | "from" NAME | "again" NAME
//! repeat    = ( step | NAME ".." ":" kind ) { "->" step } ";" expr
//! merge     = ( "concat" | "add" | "sub" | "mul" | "max" | "custom" "(" args ")" ) "{" { pipeline ";" } "}"
//! ```

use proc_macro2::extra::DelimSpan;
use proc_macro2::{Ident, Span, TokenTree};
use syn::ext::IdentExt as _;
use syn::parse::{ParseBuffer, ParseStream};
use syn::{Attribute, Error, LitInt, LitStr, Result, Token, bracketed, parenthesized, token};

use super::token::{braces, check_attributes, expected, found, has_arguments, is_on_next_line, is_word, skip_to};
use super::{Parser, expr, place_of};
use crate::ast::{
    Arg, Aux, Body, Call, Expr, Kept, Merge, MergeKind, Output, Pipeline, Repeat, Statement, Step, StepKind,
};
use crate::report::{Place, message};

/// The statements that are not pipelines, and what they look like.
const ASIDES: [(&str, &str); 4] =
    [("tap", "tap name"), ("keep", "keep name"), ("output", "output name"), ("aux", "aux name(weight = 0.3) { … }")];

/// Whether a statement begins with a keyword before a name, and so is not a pipeline. An `aux` without a name has its layers.
fn begins(input: ParseStream<'_>, keyword: &str) -> bool {
    let has_layers = || input.peek2(token::Brace) || input.peek2(token::Paren) && input.peek3(token::Brace);
    is_word(input, keyword) && (input.peek2(Ident::peek_any) || keyword == "aux" && has_layers())
}

impl Parser<'_> {
    /// `{ statement ";" }`, to the end of the braces.
    pub(super) fn body(&mut self, input: &ParseBuffer<'_>, braces: DelimSpan) -> Body {
        let statements = self.statements(input, "leave the semicolon out", |parser, input| {
            if begins(input, "tap") {
                input.call(Ident::parse_any)?;
                Ok(Statement::Tap(input.call(Ident::parse_any)?.unraw()))
            } else if begins(input, "keep") {
                input.call(Ident::parse_any)?;
                Ok(Statement::Keep(input.call(Ident::parse_any)?.unraw()))
            } else if begins(input, "output") {
                parser.output(input).map(Statement::Output)
            } else if begins(input, "aux") {
                parser.aux(input).map(Statement::Aux)
            } else {
                parser.pipeline(input).map(Statement::Pipeline)
            }
        });
        let statements = statements.into_iter().map(|s| s.unwrap_or(Statement::Broken)).collect();
        Body { statements, span: braces.open(), end: braces.close() }
    }

    /// Statements of any kind, each ended by `;`. One with a mistake is reported and is `None`.
    fn statements<T>(
        &mut self,
        input: &ParseBuffer<'_>,
        instead_of_nothing: &str,
        mut statement: impl FnMut(&mut Self, ParseStream<'_>) -> Result<T>,
    ) -> Vec<Option<T>> {
        let (mut statements, mut commas) = (Vec::new(), false);
        loop {
            self.no_docs(input);
            if self.comment(input) {
                continue;
            }
            if input.is_empty() {
                return statements;
            }
            if self.control_flow(input) {
                statements.push(None);
                continue;
            }
            if input.peek(Token![;]) {
                self.report.push(input.error(format!("expected a step before `;`\nhelp: {instead_of_nothing}")));
                drop(input.parse::<Token![;]>());
                continue;
            }
            let start = input.fork();
            let parsed =
                statement(self, input).and_then(|parsed| self.semicolon(&start, input, &mut commas).map(|()| parsed));
            match parsed {
                Ok(parsed) => statements.push(Some(parsed)),
                Err(error) => {
                    self.report.push(error);
                    statements.push(None);
                    skip_to(input, |token| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ';'));
                    drop(input.parse::<Token![;]>());
                }
            }
        }
    }

    /// The `;` after a statement, which begins at `start`. If only it is missing at the end of a line, nothing is skipped. `commas`
    /// says whether there was a comma in its place before: that is reported once, and then not missed at the end.
    fn semicolon(&mut self, start: &ParseBuffer<'_>, input: &ParseBuffer<'_>, commas: &mut bool) -> Result<()> {
        if input.peek(Token![;]) {
            return input.parse::<Token![;]>().map(drop);
        }
        let next_step = "`;`, or `->` and the next step";
        if input.peek(Token![,]) {
            if !*commas {
                self.report.push(expected(input, "`;`\nhelp: statements and branches end in `;`"));
            }
            *commas = true;
            input.parse::<Token![,]>()?;
        } else if input.is_empty() {
            if !*commas {
                let message = "expected `;`\nhelp: every statement ends in `;`, including the last";
                self.report.push(Error::new(input.span(), message));
            }
        } else if is_on_next_line(start, input)
            && (input.peek(Ident::peek_any) || input.peek(token::Brace) || input.peek(token::Bracket))
        {
            self.report.push(expected(input, next_step));
        } else {
            return Err(expected(input, next_step));
        }
        Ok(())
    }

    /// Doc comments before a statement.
    fn no_docs(&mut self, input: &ParseBuffer<'_>) {
        while input.peek(Token![#]) && input.peek2(token::Bracket) {
            let Ok(attributes) = check_attributes(input).and_then(|()| input.call(Attribute::parse_outer)) else {
                return;
            };
            let Some(first) = attributes.first() else { return };
            let help = match first.path().is_ident("doc") {
                true => "use a `//` comment here",
                false => "put attributes above the net",
            };
            let wrong = "doc comments and attributes are allowed only on nets and blocks";
            self.report.error(place_of(first), message(wrong, help));
        }
    }

    /// `"aux" NAME "(" "weight" "=" expr ")" "{" body "}"`
    fn aux(&mut self, input: ParseStream<'_>) -> Result<Aux> {
        input.call(Ident::parse_any)?;
        if !input.peek(Ident::peek_any) {
            return Err(expected(input, "the classifier's name\nhelp: `aux name(weight = 0.3) { … };`"));
        }
        let name = input.call(Ident::parse_any)?.unraw();
        let help = format!("help: `aux {name}(weight = 0.3) {{ … }}`");
        let missing = format!("the weight of the classifier's loss\n{help}");
        if !input.peek(token::Paren) {
            return Err(expected(input, &missing));
        }
        let content;
        parenthesized!(content in input);
        if !is_word(&content, "weight") || !content.peek2(Token![=]) {
            return Err(expected(&content, &missing));
        }
        content.call(Ident::parse_any)?;
        content.parse::<Token![=]>()?;
        let weight = expr::parse(&content)?;
        if !content.is_empty() {
            return Err(expected(&content, &format!("`)`\n{help}")));
        }
        let (content, span) = braces(input, "the classifier's layers in braces")?;
        Ok(Aux { name, weight, body: self.body(&content, span) })
    }

    /// `"output" NAME [ "{" body "}" ]`
    fn output(&mut self, input: ParseStream<'_>) -> Result<Output> {
        input.call(Ident::parse_any)?;
        let name = input.call(Ident::parse_any)?.unraw();
        if !input.peek(token::Brace) {
            return Ok(Output { name, body: None });
        }
        let (content, span) = braces(input, "")?;
        Ok(Output { name, body: Some(self.body(&content, span)) })
    }

    /// `step { "->" step }`
    fn pipeline(&mut self, input: ParseStream<'_>) -> Result<Pipeline> {
        if input.peek(Token![->]) {
            let wrong = "expected a step before `->`";
            let arrow: Token![->] = input.parse()?;
            let help = "a statement begins with a step, which takes the result of the previous statement";
            self.report.push(Error::new_spanned(arrow, format!("{wrong}\nhelp: {help}")));
        }
        let first = self.step(input)?;
        self.pipeline_after(first, input)
    }

    /// `{ "->" step }` after the first step.
    fn pipeline_after(&mut self, first: Step, input: ParseStream<'_>) -> Result<Pipeline> {
        let mut steps = vec![first];
        loop {
            if self.other_arrow(input) {
                // It is reported, and read as `->`.
            } else if input.peek(Token![->]) {
                let arrow: Token![->] = input.parse()?;
                if input.is_empty() || input.peek(Token![;]) {
                    let message = "expected a step after `->`\nhelp: add the next step, or leave `->` out";
                    self.report.push(Error::new_spanned(arrow, message));
                    break;
                }
            } else {
                break;
            }
            steps.push(self.step(input)?);
        }
        Ok(Pipeline { steps })
    }

    /// `[ NAME ":" ] kind`
    fn step(&mut self, input: ParseStream<'_>) -> Result<Step> {
        if let Some((counter, place, _)) = self.counter(input)? {
            let name = counter.name;
            let message = format!(
                "a counting name is allowed only in a repeat\nhelp: `{0}: …`, or `[{0}..: …; 3]`",
                name.written()
            );
            self.report.error(place, message);
            return Ok(Step { name: Some(name), kind: self.step_kind(input)? });
        }
        Ok(Step { name: self.name(input)?, kind: self.step_kind(input)? })
    }

    fn step_kind(&mut self, input: ParseStream<'_>) -> Result<StepKind> {
        self.module(input);
        if let Some((word, form)) = ASIDES.into_iter().find(|(word, _)| begins(input, word)) {
            let wrong = format!("expected a step, found `{word}`");
            let help = format!("this is a statement, for example `{form};`: it has no name, and follows a semicolon");
            return Err(input.error(format!("{wrong}\nhelp: {help}")));
        }
        if is_word(input, "again") && (begins(input, "again") || input.peek2(LitStr) || input.peek2(LitInt)) {
            return self.again(input).map(StepKind::Again);
        }
        if input.peek(token::Brace) {
            let (content, span) = braces(input, "")?;
            return Ok(StepKind::Group(self.body(&content, span)));
        }
        if input.peek(token::Bracket) {
            return self.repeat(input).map(StepKind::Repeat);
        }
        if input.peek(Token![..]) {
            let dots: Token![..] = input.parse()?;
            if !input.peek(Ident::peek_any) {
                return Err(expected(
                    input,
                    "a block\nhelp: `..block(…)` puts a block's steps here, without a level of names",
                ));
            }
            let name = input.call(Ident::parse_any)?.unraw();
            let mut call = self.call(input, name)?;
            call.place = Place::from(dots.spans[0]).to(call.place);
            return Ok(StepKind::Splice(call));
        }
        if !input.peek(Ident::peek_any) {
            return Err(expected(
                input,
                "a step\nhelp: a layer such as `conv(6, 5x5)`, a block, `concat { … }`, `add { … }`, `mul { … }`, \
                 `{ … }` or `[step; n]`",
            ));
        }
        let name = input.call(Ident::parse_any)?.unraw();
        let merge = MergeKind::ALL.into_iter().find(|kind| name == kind.name());
        match merge {
            Some(kind) => self.merge(input, kind, name.span(), None).map(StepKind::Merge),
            None if name == "skip" => Ok(StepKind::Skip(name.span())),
            None if name == "from" && input.peek(Ident::peek_any) => {
                let kept = input.call(Ident::parse_any)?.unraw();
                let place = Place::from(name.span()).to(kept.span());
                Ok(StepKind::From(Kept { name: kept, place }))
            }
            None => {
                let call = self.call(input, name)?;
                if call.name == MergeKind::Custom.name() && input.peek(token::Brace) {
                    return self.merge(input, MergeKind::Custom, call.name.span(), Some(call)).map(StepKind::Merge);
                }
                Ok(StepKind::Call(call))
            }
        }
    }

    /// `"{" { pipeline ";" } "}"` after the keyword, or after a call.
    fn merge(&mut self, input: ParseStream<'_>, kind: MergeKind, span: Span, call: Option<Call>) -> Result<Merge> {
        let what = format!("branches in braces\nhelp: `{} {{ conv(64, 3x3, pad = 1); skip; }}`", kind.name());
        let (content, span_of) = braces(input, &what)?;
        let before = self.report.len();
        let found = self.statements(&content, "a branch that passes its input through is `skip;`", |parser, input| {
            if let Some(word) = ["tap", "aux", "keep"].into_iter().find(|word| begins(input, word)) {
                let message =
                    format!("expected a step, found `{word}`\nhelp: in a branch, put it into a group: `{{ …; }}`");
                return Err(input.error(message));
            }
            parser.pipeline(input)
        });
        let broken = found.len() < 2 && self.report.len() > before || found.iter().any(Option::is_none);
        Ok(Merge { kind, span, call, branches: found.into_iter().flatten().collect(), broken, end: span_of.close() })
    }

    /// `"[" ( step | NAME ".." ":" kind ) { "->" step } ";" expr "]"`
    fn repeat(&mut self, input: ParseStream<'_>) -> Result<Repeat> {
        let content;
        let brackets = bracketed!(content in input).span;
        let (counter, first) = match self.counter(&content)? {
            Some((counter, place, mistake)) => {
                if let Some(mistake) = mistake {
                    self.report.error(place, mistake);
                }
                (Some(counter), Step { name: None, kind: self.step_kind(&content)? })
            }
            None => (None, self.step(&content)?),
        };
        let steps = self.pipeline_after(first, &content)?;
        if !content.peek(Token![;]) {
            return Err(expected(&content, "`;` and the number of repetitions\nhelp: `[step; 3]`"));
        }
        content.parse::<Token![;]>()?;
        let count = expr::parse(&content)?;
        if !content.is_empty() {
            return Err(expected(&content, "`]`"));
        }
        let place = Place::from(brackets.open()).to(brackets.close());
        Ok(Repeat { counter, steps, count, place })
    }

    /// The arguments after a layer's or a block's name, if there are any.
    fn call(&mut self, input: ParseStream<'_>, name: Ident) -> Result<Call> {
        let mut call = Call { place: name.span().into(), name, args: Vec::new() };
        if input.peek(token::Paren) {
            let content;
            call.place = call.place.to(parenthesized!(content in input).span.close());
            while !content.is_empty() {
                let arg = self.arg(&content);
                call.args.push(arg);
            }
        } else if has_arguments(input) {
            let what = format!("`(`\nhelp: arguments are in parentheses, `{}(…)`", call.name);
            return Err(expected(input, &what));
        }
        Ok(call)
    }

    /// `[ NAME "=" ] expr [ "," ]`; one with a mistake is reported, and becomes a broken one.
    fn arg(&mut self, input: &ParseBuffer<'_>) -> Arg {
        let start = input.span();
        let name = self.arg_name(input);
        let value = expr::parse(input).and_then(|value| {
            if input.is_empty() || input.peek(Token![,]) { Ok(value) } else { Err(after_value(input)) }
        });
        let value = value.unwrap_or_else(|error| {
            self.report.push(error);
            skip_to(input, |token| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ','));
            Expr::broken(start)
        });
        drop(input.parse::<Token![,]>());
        Arg { name, value }
    }

    /// `NAME "="`
    fn arg_name(&mut self, input: &ParseBuffer<'_>) -> Option<Ident> {
        let colon = input.peek2(Token![:]) && !input.peek2(Token![::]);
        if !input.peek(Ident::peek_any) || !input.peek2(Token![=]) && !colon {
            return None;
        }
        let name = input.call(Ident::parse_any).ok()?.unraw();
        let mut place = Place::from(input.span());
        let mut sign = input.parse::<TokenTree>().ok()?.to_string();
        if colon && input.peek(Token![=]) {
            place = place.to(input.span());
            sign.push_str(&input.parse::<TokenTree>().ok()?.to_string());
        }
        if colon {
            self.report.error(place, format!("expected `=`, found `{sign}`\nhelp: `{name} = …`"));
        }
        Some(name)
    }
}

/// The error for what follows an argument's value.
fn after_value(input: &ParseBuffer<'_>) -> Error {
    if input.peek(Token![->]) {
        return expected(
            input,
            "`,` or `)` after a single layer\nhelp: declare several layers as a block, and give its name",
        );
    }
    let starts = input.peek(syn::Lit) || input.peek(Ident::peek_any) || input.peek(token::Paren);
    if starts {
        return Error::new(input.span(), format!("expected `,` before {}", found(input)));
    }
    expected(input, "an operator, `,` or `)`")
}

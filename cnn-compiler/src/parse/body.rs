//! Statements and steps.
//!
//! ```text
//! body      = { ( pipeline | "aux" NAME "(" "weight" "=" number ")" "{" body "}" | "tap" NAME ) ";" }
//! pipeline  = step { "->" step }
//! step      = [ NAME ":" ] ( layer | call | merge | "{" body "}" | "[" step ";" expr "]" | "skip" )
//! merge     = ( "concat" | "add" | "mul" ) "{" { pipeline ";" } "}"
//! ```

use proc_macro2::{Ident, Span, TokenTree};
use syn::ext::IdentExt as _;
use syn::parse::{ParseBuffer, ParseStream};
use syn::{Result, Token, bracketed, parenthesized, token};

use super::{Parser, braces, expr, is_word, skip_while};
use crate::ast::{Arg, Aux, Body, Call, ExprKind, Merge, MergeKind, Pipeline, Repeat, Statement, Step, StepKind};

/// A keyword of a statement before a name, which makes it other than a pipeline.
fn begins(input: ParseStream<'_>, keyword: &str) -> bool {
    is_word(input, keyword) && input.peek2(syn::Ident::peek_any)
}

impl Parser<'_> {
    /// `{ statement ";" }`, to the end of the braces.
    pub(super) fn body(&mut self, input: &ParseBuffer<'_>, span: Span) -> Body {
        let statements = self.statements(input, |parser, input| {
            if begins(input, "tap") {
                input.call(Ident::parse_any)?;
                Ok(Statement::Tap(input.call(Ident::parse_any)?))
            } else if begins(input, "aux") {
                parser.aux(input).map(Statement::Aux)
            } else {
                parser.pipeline(input).map(Statement::Pipeline)
            }
        });
        Body { statements: statements.into_iter().map(|s| s.unwrap_or(Statement::Broken)).collect(), span }
    }

    /// Statements of any kind, each ended by `;`. One with a mistake is reported and is `None`.
    fn statements<T>(
        &mut self,
        input: &ParseBuffer<'_>,
        mut statement: impl FnMut(&mut Self, ParseStream<'_>) -> Result<T>,
    ) -> Vec<Option<T>> {
        let mut statements = Vec::new();
        while !input.is_empty() {
            match statement(self, input) {
                Ok(parsed) => {
                    statements.push(Some(parsed));
                    self.semicolon(input);
                }
                Err(error) => {
                    self.report.push(error);
                    statements.push(None);
                    skip_while(input, |token| !matches!(token, TokenTree::Punct(p) if p.as_char() == ';'));
                }
            }
        }
        statements
    }

    /// The `;` behind a statement. Where only it is missing, nothing is skipped.
    fn semicolon(&mut self, input: &ParseBuffer<'_>) {
        if input.peek(Token![;]) {
            drop(input.parse::<Token![;]>());
        } else if input.is_empty() {
            self.report.push(input.error("expected `;`, which ends every statement, the last one too"));
        } else {
            self.report.push(input.error("expected `->` and the next step, or `;`"));
            if !input.peek(syn::Ident::peek_any) {
                skip_while(input, |token| !matches!(token, TokenTree::Punct(p) if p.as_char() == ';'));
            }
        }
    }

    /// `"aux" NAME "(" "weight" "=" number ")" "{" body "}"`
    fn aux(&mut self, input: ParseStream<'_>) -> Result<Aux> {
        input.call(Ident::parse_any)?;
        let name = input.call(Ident::parse_any)?;
        let usage = format!("expected the weight of the classifier's loss: `aux {name}(weight = 0.3) {{ … }}`");
        if !input.peek(token::Paren) {
            return Err(input.error(usage));
        }
        let content;
        let paren = parenthesized!(content in input);
        if !is_word(&content, "weight") || !content.peek2(Token![=]) {
            return Err(syn::Error::new(paren.span.open(), usage));
        }
        content.call(Ident::parse_any)?;
        content.parse::<Token![=]>()?;
        let value = expr::parse(&content)?;
        let weight = match value.kind {
            ExprKind::Int(weight) => weight as f32,
            ExprKind::Real(weight) => weight as f32,
            _ => f32::NAN,
        };
        if weight.is_nan() || weight < 0.0 || !content.is_empty() {
            return Err(syn::Error::new(paren.span.open(), usage));
        }
        let (content, span) = braces(input, "the classifier's layers in braces")?;
        Ok(Aux { name, weight, body: self.body(&content, span) })
    }

    /// `step { "->" step }`
    fn pipeline(&mut self, input: ParseStream<'_>) -> Result<Pipeline> {
        if input.peek(Token![->]) {
            return Err(input.error(
                "nothing stands before `->`\nhelp: a statement begins with a step; it takes the result of the statement before",
            ));
        }
        let mut steps = vec![self.step(input)?];
        while input.peek(Token![->]) {
            let arrow: Token![->] = input.parse()?;
            if input.is_empty() || input.peek(Token![;]) {
                return Err(syn::Error::new_spanned(arrow, "nothing stands behind `->`"));
            }
            steps.push(self.step(input)?);
        }
        Ok(Pipeline { steps })
    }

    /// `[ NAME ":" ] kind`
    fn step(&mut self, input: ParseStream<'_>) -> Result<Step> {
        let named = input.peek(syn::Ident::peek_any) && input.peek2(Token![:]) && !input.peek2(Token![::]);
        let name = if named {
            let name = input.call(Ident::parse_any)?;
            input.parse::<Token![:]>()?;
            Some(name)
        } else {
            None
        };
        Ok(Step { name, kind: self.step_kind(input)? })
    }

    fn step_kind(&mut self, input: ParseStream<'_>) -> Result<StepKind> {
        if input.peek(token::Brace) {
            let (content, span) = braces(input, "")?;
            return Ok(StepKind::Group(self.body(&content, span)));
        }
        if input.peek(token::Bracket) {
            return self.repeat(input).map(StepKind::Repeat);
        }
        if !input.peek(syn::Ident::peek_any) {
            return Err(input.error(
                "expected a step: a layer such as `conv(6, 5x5)`, a block, `concat { … }`, `add { … }`, `mul { … }`, \
                 `{ … }`, `[step; n]` or `skip`",
            ));
        }
        let name = input.call(Ident::parse_any)?;
        let merge = [MergeKind::Concat, MergeKind::Add, MergeKind::Mul].into_iter().find(|kind| name == kind.name());
        match merge {
            Some(kind) => self.merge(input, kind, name.span()).map(StepKind::Merge),
            None if name == "skip" => Ok(StepKind::Skip(name.span())),
            None => self.call(input, name).map(StepKind::Call),
        }
    }

    /// `"{" { pipeline ";" } "}"` behind the keyword.
    fn merge(&mut self, input: ParseStream<'_>, kind: MergeKind, span: Span) -> Result<Merge> {
        let (content, _) = braces(input, "branches in braces, each ended by `;`")?;
        let found = self.statements(&content, |parser, input| {
            if begins(input, "tap") || begins(input, "aux") {
                return Err(input.error("a branch is a chain of steps\nhelp: put this into a group in the branch: `{ …; }`"));
            }
            parser.pipeline(input)
        });
        let broken = found.iter().any(Option::is_none);
        Ok(Merge { kind, span, branches: found.into_iter().flatten().collect(), broken })
    }

    /// `"[" step ";" expr "]"`
    fn repeat(&mut self, input: ParseStream<'_>) -> Result<Repeat> {
        let content;
        bracketed!(content in input);
        let step = Box::new(self.step(&content)?);
        if !content.peek(Token![;]) {
            return Err(content.error("expected `;` and how often the step is repeated: `[step; 3]`"));
        }
        content.parse::<Token![;]>()?;
        let count = expr::parse(&content)?;
        Ok(Repeat { step, count })
    }

    /// The arguments behind a layer's or a block's name, if there are any.
    fn call(&mut self, input: ParseStream<'_>, name: Ident) -> Result<Call> {
        let mut call = Call { name, args: Vec::new(), broken: false };
        if input.peek(token::Paren) {
            let content;
            parenthesized!(content in input);
            while !content.is_empty() {
                match self.arg(&content) {
                    Ok(arg) => call.args.push(arg),
                    Err(error) => {
                        self.report.push(error);
                        call.broken = true;
                        skip_while(&content, |token| !matches!(token, TokenTree::Punct(p) if p.as_char() == ','));
                    }
                }
            }
        }
        Ok(call)
    }

    /// `[ NAME "=" ] expr [ "," ]`
    fn arg(&mut self, input: &ParseBuffer<'_>) -> Result<Arg> {
        let name = if input.peek(syn::Ident::peek_any) && input.peek2(Token![=]) {
            let name = input.call(Ident::parse_any)?;
            input.parse::<Token![=]>()?;
            Some(name)
        } else {
            None
        };
        let value = expr::parse(input)?;
        if !input.is_empty() && !input.peek(Token![,]) {
            return Err(input.error("expected `,` or the end of the arguments"));
        }
        if input.peek(Token![,]) {
            input.parse::<Token![,]>()?;
        }
        Ok(Arg { name, value })
    }
}

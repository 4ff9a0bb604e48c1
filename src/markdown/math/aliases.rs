//! Commands and environments of TeX and its packages that the reader of formulas does not know, said
//! with those that it knows.

/// Says a command in another way.
pub(super) struct Alias {
    /// Number of groups that follow it.
    pub(super) arguments: usize,
    /// TeX, with `#1` for the first of them. What stands in `\text` is not read any further.
    pub(super) means: &'static str,
}

/// The other way to say a command, if there is one.
pub(super) fn of(command: &str) -> Option<&'static Alias> {
    let at = COMMANDS
        .binary_search_by_key(&command, |(name, _)| name)
        .ok()?;
    Some(&COMMANDS[at].1)
}

/// The name of an environment that the reader knows; none where it is to be left out.
pub(super) fn environment(name: &str) -> &str {
    match name {
        "split" | "alignedat" => "aligned",
        "alignat" | "alignat*" | "flalign" | "flalign*" | "eqnarray" | "eqnarray*" | "align*" => {
            "align*"
        }
        "smallmatrix" | "matrix*" => "matrix",
        "psmallmatrix" | "pmatrix*" => "pmatrix",
        "bsmallmatrix" | "bmatrix*" => "bmatrix",
        "Bmatrix*" => "Bmatrix",
        "vsmallmatrix" | "vmatrix*" => "vmatrix",
        "Vmatrix*" => "Vmatrix",
        "multline*" => "gather*",
        "math" | "displaymath" | "subequations" => "",
        name => name,
    }
}

/// Tells whether a group follows the environment's name that says nothing to the reader.
pub(super) fn has_argument(name: &str) -> bool {
    ["alignat", "alignat*", "alignedat"].contains(&name)
}

const fn says(means: &'static str) -> Alias {
    Alias {
        arguments: 0,
        means,
    }
}

const fn takes(arguments: usize, means: &'static str) -> Alias {
    Alias { arguments, means }
}

/// In the order of their names.
const COMMANDS: &[(&str, Alias)] = &[
    ("Aut", says("\\operatorname{Aut}")),
    ("C", says("\\mathbb{C}")),
    ("Corr", says("\\operatorname{Corr}")),
    ("Cov", says("\\operatorname{Cov}")),
    ("E", says("\\mathbb{E}")),
    ("End", says("\\operatorname{End}")),
    ("Hom", says("\\operatorname{Hom}")),
    ("Huge", says("")),
    ("KL", says("\\operatorname{KL}")),
    ("Ker", says("\\operatorname{Ker}")),
    ("LARGE", says("")),
    ("Large", says("")),
    ("Q", says("\\mathbb{Q}")),
    ("ReLU", says("\\operatorname{ReLU}")),
    ("Res", says("\\operatorname{Res}")),
    ("SI", takes(2, "#1\\,\\mathrm{#2}")),
    ("Set", takes(1, "\\left\\{#1\\right\\}")),
    ("Tr", says("\\operatorname{Tr}")),
    ("Var", says("\\operatorname{Var}")),
    ("abs", takes(1, "\\left|#1\\right|")),
    ("allowbreak", says("")),
    ("ang", takes(1, "#1^\\circ")),
    ("arccot", says("\\operatorname{arccot}")),
    ("arccsc", says("\\operatorname{arccsc}")),
    ("arcosh", says("\\operatorname{arcosh}")),
    ("arcsec", says("\\operatorname{arcsec}")),
    ("arctg", says("\\operatorname{arctg}")),
    ("arsinh", says("\\operatorname{arsinh}")),
    ("artanh", says("\\operatorname{artanh}")),
    ("atan", says("\\operatorname{atan}")),
    ("bigskip", says("")),
    (
        "boxed",
        takes(1, "\\begin{array}{|c|}\\hline #1 \\\\ \\hline\\end{array}"),
    ),
    ("cancelto", takes(2, "\\cancel{#2}^{#1}")),
    ("ceil", takes(1, "\\left\\lceil #1\\right\\rceil")),
    ("centering", says("")),
    ("ch", says("\\operatorname{ch}")),
    ("clap", takes(1, "\\text{#1}")),
    ("cline", takes(1, "")),
    ("coker", says("\\operatorname{coker}")),
    ("colorbox", takes(2, "\\text{#2}")),
    ("conv", says("\\operatorname{conv}")),
    ("cosec", says("\\operatorname{cosec}")),
    ("cotg", says("\\operatorname{cotg}")),
    ("csch", says("\\operatorname{csch}")),
    ("ctg", says("\\operatorname{ctg}")),
    ("curl", says("\\operatorname{curl}")),
    ("dd", says("\\mathrm{d}")),
    ("diag", says("\\operatorname{diag}")),
    ("dist", says("\\operatorname{dist}")),
    ("dotsb", says("\\cdots ")),
    ("dotsc", says("\\ldots ")),
    ("dotsi", says("\\cdots ")),
    ("dotsm", says("\\cdots ")),
    ("dotso", says("\\ldots ")),
    ("dv", takes(2, "\\frac{\\mathrm{d}#1}{\\mathrm{d}#2}")),
    ("enclose", takes(2, "#2")),
    ("ensuremath", takes(1, "{#1}")),
    ("erf", says("\\operatorname{erf}")),
    ("euro", says("\\text{€}")),
    ("evaluated", takes(1, "\\left. #1\\right|")),
    (
        "fbox",
        takes(
            1,
            "\\begin{array}{|c|}\\hline \\text{#1} \\\\ \\hline\\end{array}",
        ),
    ),
    (
        "fcolorbox",
        takes(
            3,
            "\\begin{array}{|c|}\\hline \\text{#3} \\\\ \\hline\\end{array}",
        ),
    ),
    ("floor", takes(1, "\\left\\lfloor #1\\right\\rfloor")),
    ("footnotesize", says("")),
    ("given", says("\\mid ")),
    ("grad", says("\\operatorname{grad}")),
    ("hbox", takes(1, "\\text{#1}")),
    ("hdots", says("\\ldots ")),
    ("hfill", says("\\qquad ")),
    ("href", takes(2, "{#2}")),
    ("huge", says("")),
    ("img", says("\\operatorname{img}")),
    ("indep", says("\\perp\\!\\!\\!\\perp ")),
    (
        "innerproduct",
        takes(2, "\\left\\langle #1, #2\\right\\rangle"),
    ),
    ("intertext", takes(1, "\\text{#1}\\\\")),
    ("label", takes(1, "")),
    ("large", says("")),
    ("lcm", says("\\operatorname{lcm}")),
    ("llap", takes(1, "\\text{#1}")),
    ("mathbbm", says("\\mathbb")),
    ("mathbit", says("\\boldsymbol")),
    ("mathclap", takes(1, "{#1}")),
    ("mathds", says("\\mathbb")),
    ("mathllap", takes(1, "{#1}")),
    ("mathnormal", takes(1, "{#1}")),
    ("mathrlap", takes(1, "{#1}")),
    ("mathup", says("\\mathrm")),
    ("mbox", takes(1, "\\text{#1}")),
    ("medskip", says("")),
    ("multicolumn", takes(3, "{#3}")),
    ("nobreak", says("")),
    ("noindent", says("")),
    ("norm", takes(1, "\\left\\|#1\\right\\|")),
    ("normalsize", says("")),
    ("num", takes(1, "#1")),
    ("ohm", says("\\Omega ")),
    ("ord", says("\\operatorname{ord}")),
    ("order", takes(1, "\\mathcal{O}\\left(#1\\right)")),
    (
        "overunderset",
        takes(3, "\\overset{#1}{\\underset{#2}{#3}}"),
    ),
    ("par", says("")),
    ("pdv", takes(2, "\\frac{\\partial #1}{\\partial #2}")),
    ("pmb", says("\\boldsymbol")),
    ("pod", takes(1, "\\quad(#1)")),
    ("proj", says("\\operatorname{proj}")),
    ("pu", takes(1, "\\text{#1}")),
    ("qed", says("\\square ")),
    ("qedsymbol", says("\\square ")),
    ("qty", takes(2, "#1\\,\\mathrm{#2}")),
    ("raisebox", takes(2, "\\text{#2}")),
    ("rank", says("\\operatorname{rank}")),
    ("relu", says("\\operatorname{relu}")),
    ("require", takes(1, "")),
    ("rlap", takes(1, "\\text{#1}")),
    ("rule", takes(2, "\\_")),
    ("scriptsize", says("")),
    ("sech", says("\\operatorname{sech}")),
    ("set", takes(1, "\\left\\{#1\\right\\}")),
    ("sgn", says("\\operatorname{sgn}")),
    ("sh", says("\\operatorname{sh}")),
    ("shortintertext", takes(1, "\\text{#1}\\\\")),
    ("si", takes(1, "\\mathrm{#1}")),
    ("sigmoid", says("\\operatorname{sigmoid}")),
    ("sign", says("\\operatorname{sign}")),
    ("sinc", says("\\operatorname{sinc}")),
    ("small", says("")),
    ("smallskip", says("")),
    ("smash", takes(1, "{#1}")),
    ("softmax", says("\\operatorname{softmax}")),
    ("sout", takes(1, "\\text{\\sout{#1}}")),
    ("spn", says("\\operatorname{span}")),
    ("strut", says("\\mathstrut ")),
    ("substack", takes(1, "\\begin{gathered}#1\\end{gathered}")),
    ("supp", says("\\operatorname{supp}")),
    ("tag", takes(1, "\\qquad\\text{(#1)}")),
    ("textcolor", takes(2, "{#2}")),
    ("textmd", takes(1, "\\text{#1}")),
    ("textnormal", takes(1, "\\text{#1}")),
    ("textsl", takes(1, "\\textit{#1}")),
    ("textsubscript", takes(1, "{}_{\\text{#1}}")),
    ("textsuperscript", takes(1, "{}^{\\text{#1}}")),
    ("textup", takes(1, "\\text{#1}")),
    ("tg", says("\\operatorname{tg}")),
    ("thickapprox", says("\\approx ")),
    ("thicksim", says("\\sim ")),
    ("tiny", says("")),
    ("tr", says("\\operatorname{tr}")),
    ("unit", takes(1, "\\mathrm{#1}")),
    ("url", takes(1, "\\text{#1}")),
    ("vcenter", takes(1, "{#1}")),
    ("vol", says("\\operatorname{vol}")),
    ("vspace", takes(1, "")),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_in_the_order_of_their_names() {
        assert!(COMMANDS.is_sorted_by_key(|(name, _)| name));
    }
}

using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using Compat.Adapters.Equivalence;
using Compat.Torch.Serialization;
using TorchSharp;

namespace Comparing.Report;

/// <summary>One HTML file that opens anywhere, without a network: verdicts, results and curves.</summary>
internal static class HtmlReport
{
    private const string Style = """
        :root { color-scheme: light dark; }
        body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
        h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
        table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid #8884; vertical-align: top; }
        .good { color: #177a3d; } .bad { color: #c0262d; font-weight: 600; }
        .verdict { font-size: 1.1rem; padding: .6rem .9rem; border-left: 4px solid; }
        svg { width: 100%; height: auto; } svg text { font: 12px system-ui, sans-serif; fill: currentColor; }
        .grid { stroke: #8884; } polyline { fill: none; }
        .legacy { stroke: #9db4d6; stroke-width: 7; } .migrating { stroke: #e08a1e; stroke-width: 3.5; } .engine { stroke: #1b4f9c; stroke-width: 1.5; stroke-dasharray: 5 3; }
        .key svg { width: 2.2rem; height: .8rem; vertical-align: middle; } .key span { margin-right: 1.4rem; } footer { color: #888; font-size: .85rem; margin-top: 2rem; }
        """;

    /// <summary>Writes <c>report.html</c>.</summary>
    /// <returns>The path of the file.</returns>
    public static string Write(TrainingComparison comparison, ReportPage page, string workDir) =>
        Write(
            comparison.Results,
            page with { Lead = $"{page.Lead}{Conclusion(comparison)}<h2>At every iteration</h2>{Verdicts(comparison)}" },
            workDir);

    /// <summary>Writes <c>report.html</c> about trainings that are not compared.</summary>
    /// <returns>The path of the file.</returns>
    public static string Write(IReadOnlyList<TrainingResult> results, ReportPage page, string workDir)
    {
        string path = Path.Combine(workDir, "report.html");
        byte[] content = Encoding.UTF8.GetBytes(Page(results, page));
        AtomicFile.Write(path, stream => stream.Write(content));
        return path;
    }

    private static string Page(IReadOnlyList<TrainingResult> results, ReportPage page) => $"""
        <!doctype html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{Text(page.Title)}</title><style>{Style}</style></head>
        <body>
        <h1>{Text(page.Heading)}</h1>
        {page.Lead}
        <h2>Results</h2>
        {Results(results)}
        {string.Concat(page.Curves.Select(curve => $"<h2>{Text(curve.Title)}</h2>{Key(results)}{Chart(curve.Title, results, curve.Value, page.Logarithmic)}"))}
        {page.More}
        <footer>{Text(page.Settings)}; libtorch {Text(torch.__version__)}, {Text(RuntimeInformation.FrameworkDescription)},
        {Text(RuntimeInformation.OSDescription)}. Seconds include the recording of every weight at every iteration.
        Images: E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, doi 10.24432/C50P49.</footer>
        </body>
        </html>

        """;

    private static string Conclusion(TrainingComparison comparison) => comparison.Holds
        ? "<p class=\"verdict good\">All three train the same.</p>"
        : $"<p class=\"verdict bad\">They do not train the same. First difference: {Text(comparison.FirstDifference?.ToString() ?? "the number of iterations or the score")}</p>";

    private static string Verdicts(TrainingComparison comparison)
    {
        IEnumerable<string> heads = comparison.Comparisons.Select(one => $"<th>{one.Candidate.Name} against {one.Control.Name}</th>");
        IEnumerable<string> rows = comparison.Observations.Select(observation =>
            $"<tr><td>{Text(observation.Words)}</td>{string.Concat(comparison.Comparisons.Select(one => Cell(one, observation)))}</tr>");
        return $"<table><tr><th></th>{string.Concat(heads)}</tr>{string.Concat(rows)}</table>";
    }

    private static string Cell(TraceComparison comparison, Observation observation) => comparison.VerdictOn(observation) is { } verdict
        ? $"<td class=\"{(verdict.Agrees ? "good" : "bad")}\">{Text(VerdictText.Of(comparison, verdict))}</td>"
        : "<td></td>";

    private static string Results(IReadOnlyList<TrainingResult> results)
    {
        string score = results[0].Score is { } known ? $"<th>{Text(known.Name)}</th>" : string.Empty;
        IEnumerable<string> rows = results.Select(result =>
            $"<tr><td>{result.Name}</td>{(result.Score is { } own ? $"<td>{Text(own.Text)}</td>" : string.Empty)}"
            + $"<td>{string.Join(", ", result.Trace.Iterations[^1].LogValues.Select(value => $"{Text(value.Key)} {value.Value:F6}"))}</td><td>{result.Seconds:F2}</td></tr>");
        return $"<table><tr><th>training</th>{score}<th>last values</th><th>seconds</th></tr>{string.Concat(rows)}</table>";
    }

    private static string Key(IReadOnlyList<TrainingResult> results)
    {
        IEnumerable<string> entries = results.Select(result => result.Name).Select(name =>
            $"<span><svg viewBox=\"0 0 36 12\"><polyline class=\"{name}\" points=\"0,6 36,6\"/></svg> {name}</span>");
        return $"<p class=\"key\">{string.Concat(entries)}</p>";
    }

    private static string Chart(string title, IReadOnlyList<TrainingResult> results, Func<IterationTrace, double> value, bool logarithmic) =>
        new LineChart(
            title,
            [.. results.Select(result => new LineChart.Curve(result.Name, result.Name, [.. result.Trace.Iterations.Select(value)]))],
            logarithmic).ToSvg();

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}

using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using Compat.Adapters.Equivalence;
using Compat.Torch.Serialization;
using TorchSharp;

namespace Digits.Report;

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
    public static string Write(DigitsComparison comparison, DigitsSettings settings, string workDir)
    {
        string path = Path.Combine(workDir, "report.html");
        byte[] content = Encoding.UTF8.GetBytes(Page(comparison, settings));
        AtomicFile.Write(path, stream => stream.Write(content));
        return path;
    }

    private static string Page(DigitsComparison comparison, DigitsSettings settings) => $"""
        <!doctype html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Digits: three trainings compared</title><style>{Style}</style></head>
        <body>
        <h1>One old trainer, run three ways on handwritten digits</h1>
        <p><b>Legacy</b> is the old trainer on its own runner. <b>Migrating</b> is the same model and the same hooks on the new engine, through the
        adapters. <b>Engine</b> is the model ported to the new engine.</p>
        {Conclusion(comparison)}
        <h2>At every iteration</h2>
        {Verdicts(comparison)}
        <h2>Results</h2>
        {Results(comparison)}
        <h2>Loss</h2>
        {Key(comparison)}
        {Chart("Loss", comparison, iteration => iteration.Loss)}
        <h2>Learning rate</h2>
        {Key(comparison)}
        {Chart("Learning rate", comparison, iteration => iteration.LearningRate)}
        <footer>Seed {settings.Seed}, {settings.Epochs} epochs, batch size {settings.BatchSize}, device {Text(settings.Device)}; libtorch {Text(torch.__version__)},
        {Text(RuntimeInformation.FrameworkDescription)}, {Text(RuntimeInformation.OSDescription)}. Seconds include the recording of every weight at every iteration.
        Images: E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, doi 10.24432/C50P49.</footer>
        </body>
        </html>

        """;

    private static string Conclusion(DigitsComparison comparison) => comparison.Holds
        ? "<p class=\"verdict good\">All three train the same.</p>"
        : $"<p class=\"verdict bad\">They do not train the same. First difference: {Text(comparison.FirstDifference?.ToString() ?? "the number of iterations or the accuracy")}</p>";

    private static string Verdicts(DigitsComparison comparison)
    {
        IEnumerable<string> heads = comparison.Comparisons.Select(one => $"<th>{one.Candidate.Name} against {one.Control.Name}</th>");
        IEnumerable<string> rows = comparison.Observations.Select(observation =>
            $"<tr><td>{Text(observation.Words)}</td>{string.Concat(comparison.Comparisons.Select(one => Cell(one, observation)))}</tr>");
        return $"<table><tr><th></th>{string.Concat(heads)}</tr>{string.Concat(rows)}</table>";
    }

    private static string Cell(TraceComparison comparison, Observation observation) => comparison.VerdictOn(observation) is { } verdict
        ? $"<td class=\"{(verdict.Agrees ? "good" : "bad")}\">{Text(VerdictText.Of(comparison, verdict))}</td>"
        : "<td></td>";

    private static string Results(DigitsComparison comparison)
    {
        IEnumerable<string> rows = comparison.Results.Select(result =>
            $"<tr><td>{result.Name}</td><td>{result.Accuracy:P2}</td><td>{result.Trace.Iterations[^1].Loss:F6}</td><td>{result.Seconds:F2}</td></tr>");
        return $"<table><tr><th>training</th><th>accuracy on the test set</th><th>last loss</th><th>seconds</th></tr>{string.Concat(rows)}</table>";
    }

    private static string Key(DigitsComparison comparison)
    {
        IEnumerable<string> entries = comparison.Results.Select(result => result.Name).Select(name =>
            $"<span><svg viewBox=\"0 0 36 12\"><polyline class=\"{name}\" points=\"0,6 36,6\"/></svg> {name}</span>");
        return $"<p class=\"key\">{string.Concat(entries)}</p>";
    }

    private static string Chart(string title, DigitsComparison comparison, Func<IterationTrace, double> value) =>
        new LineChart(
            title,
            [.. comparison.Results.Select(result => new LineChart.Curve(result.Name, result.Name, [.. result.Trace.Iterations.Select(value)]))],
            Logarithmic: true).ToSvg();

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}

using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Compat.Torch.Serialization;
using TorchSharp;

namespace Compat.Benchmarks;

/// <summary>Prints and writes the figures of the overhead benchmark.</summary>
internal static class OverheadReport
{
    // A ratio of two ways of one model, by its name.
    private static readonly (string Name, string Way, string Base)[] Ratios =
    [
        ("engine_over_hand", "engine", "hand_written"),
        ("engine_over_floor", "engine", "floor"),
        ("legacy_over_engine", "legacy", "engine"),
        ("migrating_over_engine", "migrating", "engine"),
    ];

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    public static void Print(IReadOnlyList<Sample> samples, TextWriter output)
    {
        output.WriteLine(Line("model", "way", "median µs", "p10", "p90"));
        foreach (Sample sample in samples)
        {
            output.WriteLine(Line(sample.Model, sample.Way, F1(sample.Median), F1(sample.Quantile(0.1)), F1(sample.Quantile(0.9))));
        }

        output.WriteLine();
        foreach (IGrouping<string, Sample> model in samples.GroupBy(sample => sample.Model))
        {
            IEnumerable<string> ratios = RatiosOf(model).Select(ratio => string.Create(CultureInfo.InvariantCulture, $"{ratio.Key} {ratio.Value:F2}"));
            output.WriteLine($"model {model.Key}: {string.Join(", ", ratios.DefaultIfEmpty("no ratios, one way alone"))}");
        }
    }

    public static void Write(IReadOnlyList<Sample> samples, OverheadOptions options) => AtomicFile.Write(options.Json!, stream => JsonSerializer.Serialize(
        stream,
        new
        {
            machine = new
            {
                os = RuntimeInformation.OSDescription,
                architecture = RuntimeInformation.OSArchitecture.ToString(),
                processors = Environment.ProcessorCount,
                device = options.Device.ToString(),
                card = options.Device.type == DeviceType.CUDA ? GraphicsCard.Describe() : null,
            },
            versions = new
            {
                dotnet = RuntimeInformation.FrameworkDescription,
                libtorch = torch.__version__,
                torchsharp = typeof(torch).Assembly.GetName().Version?.ToString(),
                threads = torch.get_num_threads(),
            },
            rows = samples.Select(sample => new
            {
                model = sample.Model,
                way = sample.Way,
                median_us = sample.Median,
                p10 = sample.Quantile(0.1),
                p90 = sample.Quantile(0.9),
                samples = sample.Microseconds,
            }),
            ratios = samples.GroupBy(sample => sample.Model).ToDictionary(model => model.Key, RatiosOf),
        },
        Json));

    // The median of the ratios round by round: both ways of a round met the same machine. One way alone has none.
    private static Dictionary<string, double> RatiosOf(IGrouping<string, Sample> model)
    {
        Dictionary<string, Sample> ways = model.ToDictionary(sample => sample.Way);
        return Ratios.Where(ratio => ways.ContainsKey(ratio.Way) && ways.ContainsKey(ratio.Base)).ToDictionary(
            ratio => ratio.Name,
            ratio => new Sample(model.Key, ratio.Name, [.. ways[ratio.Way].Microseconds.Zip(ways[ratio.Base].Microseconds, (a, b) => a / b)]).Median);
    }

    private static string Line(string model, string way, string median, string low, string high) => $"{model,-6}{way,-18}{median,12}{low,12}{high,12}";

    private static string F1(double value) => value.ToString("F1", CultureInfo.InvariantCulture);
}

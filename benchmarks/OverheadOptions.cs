using System.Globalization;
using Compat.Benchmarks.Ways;
using static TorchSharp.torch;

namespace Compat.Benchmarks;

/// <summary>The options of the overhead benchmark.</summary>
internal sealed record OverheadOptions(int Rounds, string? Json, Device Device, string? Model = null, string? Way = null)
{
    public const string Usage = """
        Usage: dotnet run -c Release --project benchmarks -- overhead [options]

          --rounds N     rounds, at least 20 (default 30)
          --json FILE    also write the figures as JSON
          --device NAME  cpu or cuda (default cpu)
          --model NAME   one model alone: a, b or c
          --way NAME     one way alone, so that it meets no other's heap: forward_backward, floor, hand_written, legacy, migrating or engine
          --help         this text

        Times an iteration of three fixed models in several ways, interleaved in one process and on one thread.
        """;

    /// <exception cref="ArgumentException">An option is unknown or has a value that is not allowed.</exception>
    public static OverheadOptions Parse(IEnumerable<string> arguments)
    {
        OverheadOptions options = new(30, null, CPU);
        Queue<string> left = new(arguments);
        while (left.TryDequeue(out string? option))
        {
            options = option switch
            {
                "--rounds" => options with { Rounds = ParseRounds(Value(option, left)) },
                "--json" => options with { Json = Value(option, left) },
                "--device" => options with { Device = ParseDevice(Value(option, left)) },
                "--model" => options with { Model = OneOf(BenchmarkModel.Names, option, left) },
                "--way" => options with { Way = OneOf(WayFactory.Names, option, left) },
                _ => throw new ArgumentException($"There is no option '{option}'. Options: --rounds, --json, --device, --model, --way, --help."),
            };
        }

        return options;
    }

    private static int ParseRounds(string text) => int.TryParse(text, CultureInfo.InvariantCulture, out int rounds) && rounds >= 20
        ? rounds
        : throw new ArgumentException($"--rounds is '{text}'; it must be a whole number of at least 20, for example --rounds 30.");

    private static Device ParseDevice(string text) => text switch
    {
        "cpu" => CPU,
        "cuda" when cuda.is_available() => CUDA,
        "cuda" => throw new ArgumentException("--device is 'cuda', but there is no CUDA device here. Use --device cpu."),
        _ => throw new ArgumentException($"--device is '{text}'; it must be cpu or cuda."),
    };

    private static string OneOf(IReadOnlyList<string> names, string option, Queue<string> left)
    {
        string name = Value(option, left);
        return names.Contains(name) ? name : throw new ArgumentException($"{option} is '{name}'; it must be one of {string.Join(", ", names)}.");
    }

    private static string Value(string option, Queue<string> left) => left.TryDequeue(out string? value)
        ? value
        : throw new ArgumentException($"{option} lacks its value.");
}

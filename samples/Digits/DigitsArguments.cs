using System.Globalization;
using Compat.Torch.Native;
using TorchSharp;

namespace Digits;

/// <summary>The options of the command line.</summary>
internal sealed record DigitsArguments(DigitsSettings Settings, bool BreakIt, bool Help)
{
    public const string Usage = """
        Trains an old MMCV-style trainer on handwritten digits three ways and proves that they train the same.

        Usage: dotnet run -c Release --project samples/Digits -- [options]

          --epochs N       epochs to train (default 8)
          --device NAME    cpu, cuda or cuda:N (default cpu)
          --seed N         seed of weights and order (default 0)
          --break-it       plant one small difference in the engine's training and see it found; exits 1
          --help           this text

        Writes work_dirs/digits: logs, traces that torch.load reads, report.html. Exits 0 only if everything agrees.
        """;

    /// <exception cref="ArgumentException">An option is unknown, lacks its value or has one that is not allowed.</exception>
    public static DigitsArguments Parse(IReadOnlyList<string> arguments)
    {
        DigitsArguments parsed = new(new DigitsSettings(), BreakIt: false, Help: false);
        Queue<string> left = new(arguments);
        while (left.TryDequeue(out string? option))
        {
            parsed = option switch
            {
                "--help" or "-h" => parsed with { Help = true },
                "--break-it" => parsed with { BreakIt = true },
                "--epochs" => parsed with { Settings = parsed.Settings with { Epochs = Whole(option, left, minimum: 1) } },
                "--seed" => parsed with { Settings = parsed.Settings with { Seed = Whole(option, left, minimum: 0) } },
                "--device" => parsed with { Settings = parsed.Settings with { Device = Device(left) } },
                _ => throw new ArgumentException($"There is no option '{option}'. Options: --epochs, --device, --seed, --break-it, --help."),
            };
        }

        return parsed;
    }

    private static int Whole(string option, Queue<string> left, int minimum)
    {
        string text = Value(option, left);
        return int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out int number) && number >= minimum
            ? number
            : throw new ArgumentException($"{option} is '{text}'; it must be a whole number of at least {minimum}, for example {option} 8.");
    }

    private static string Device(Queue<string> left)
    {
        string text = Value("--device", left);
        bool isCuda = text == "cuda" || (text.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(text[5..], out _));
        if (text != "cpu" && !isCuda)
        {
            throw new ArgumentException($"--device is '{text}'; it must be cpu, cuda or cuda:N.");
        }

        TorchEnvironment.EnsureLoaded();
        return isCuda && !torch.cuda.is_available()
            ? throw new ArgumentException(
                $"--device is '{text}', but no CUDA device can be used here. Use --device cpu, or build with -p:TorchBackend=cuda on a machine with a GPU.")
            : text;
    }

    private static string Value(string option, Queue<string> left) => left.TryDequeue(out string? value)
        ? value
        : throw new ArgumentException($"{option} lacks its value, for example {option} {(option == "--device" ? "cpu" : "8")}.");
}

using System.Globalization;
using Compat.Torch.Native;
using TorchSharp;

namespace Comparing;

/// <summary>Reads the values of options.</summary>
internal sealed class CommandLine(IReadOnlyList<string> arguments)
{
    private readonly Queue<string> left = new(arguments);

    public bool TryNext(out string option) => left.TryDequeue(out option!);

    /// <exception cref="ArgumentException">The value is missing or out of range.</exception>
    public int Whole(string option, int minimum)
    {
        string text = Value(option, "8");
        return int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out int number) && number >= minimum
            ? number
            : throw new ArgumentException($"{option} is '{text}'; it must be a whole number of at least {minimum}, for example {option} 8.");
    }

    /// <exception cref="ArgumentException">The value is missing, or no device that can be used here.</exception>
    public string Device(string option)
    {
        string text = Value(option, "cpu");
        bool isCuda = text == "cuda" || (text.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(text[5..], out _));
        if (text != "cpu" && !isCuda)
        {
            throw new ArgumentException($"{option} is '{text}'; it must be cpu, cuda or cuda:N.");
        }

        TorchEnvironment.EnsureLoaded();
        return isCuda && !torch.cuda.is_available()
            ? throw new ArgumentException(
                $"{option} is '{text}', but no CUDA device can be used here. Use {option} cpu, or build with -p:TorchBackend=cuda on a machine with a GPU.")
            : text;
    }

    /// <exception cref="ArgumentException">The value is missing, or another than these.</exception>
    public string Choice(string option, params string[] allowed)
    {
        string text = Value(option, allowed[^1]);
        return allowed.Contains(text) ? text : throw new ArgumentException($"{option} is '{text}'; it must be {string.Join(" or ", allowed)}.");
    }

    private string Value(string option, string example) => left.TryDequeue(out string? value)
        ? value
        : throw new ArgumentException($"{option} lacks its value, for example {option} {example}.");
}

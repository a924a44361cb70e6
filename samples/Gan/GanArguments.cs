using Comparing;

namespace Gan;

/// <summary>The options of the command line.</summary>
internal sealed record GanArguments(GanSettings Settings, bool BreakIt, bool Help)
{
    public const string Usage = """
        Trains a GAN on handwritten digits three ways and proves that they train the same: the old model, which is given two optimizers and steps
        by itself; the same model on the engine; and the model ported to the engine's OptimWrapperDict.

        Usage: dotnet run -c Release --project samples/Gan -- [options]

          --epochs N       epochs to train (default 60)
          --device NAME    cpu, cuda or cuda:N (default cpu)
          --seed N         seed of weights, noise and order (default 0)
          --break-it       plant one small difference in the engine's training and see it found; exits 1
          --amp            compute in a lower precision: bfloat16 on a CPU, float16 with loss scaling on CUDA
          --accumulate N   add up the gradients of N iterations before each update
          --help           this text

        A model that steps by itself would have to be rewritten for the last two options. The ported one is not touched, so with them the engine's
        program alone is trained.

        Writes work_dirs/gan: logs, traces that torch.load reads, report.html with the digits as they come out. Exits 0 only if everything agrees.
        """;

    /// <exception cref="ArgumentException">An option is unknown, lacks its value or has one that is not allowed.</exception>
    public static GanArguments Parse(IReadOnlyList<string> arguments)
    {
        GanArguments parsed = new(new GanSettings(), BreakIt: false, Help: false);
        CommandLine line = new(arguments);
        while (line.TryNext(out string option))
        {
            parsed = option switch
            {
                "--help" or "-h" => parsed with { Help = true },
                "--break-it" => parsed with { BreakIt = true },
                "--epochs" => parsed with { Settings = parsed.Settings with { Epochs = line.Whole(option, minimum: 1) } },
                "--seed" => parsed with { Settings = parsed.Settings with { Seed = line.Whole(option, minimum: 0) } },
                "--device" => parsed with { Settings = parsed.Settings with { Device = line.Device(option) } },
                "--amp" => parsed with { Settings = parsed.Settings with { Amp = true } },
                "--accumulate" => parsed with { Settings = parsed.Settings with { Accumulate = line.Whole(option, minimum: 1) } },
                _ => throw new ArgumentException($"There is no option '{option}'. Options: --epochs, --device, --seed, --break-it, --amp, --accumulate, --help."),
            };
        }

        return parsed is { BreakIt: true, Settings.IsForEngineOnly: true }
            ? throw new ArgumentException("--break-it compares trainings, but with --amp or --accumulate only the engine's program is trained. Leave one of them out.")
            : parsed;
    }
}

using Comparing;
using Compat.Torch.Distributed;

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
          --loop KIND      epoch or iter: what training is counted in, on all sides (default epoch)
          --accumulate N   add up the gradients of N iterations before each update
          --amp            compute in half precision: bfloat16 on a CPU, float16 on CUDA
          --launcher NAME  none, or mpi: start with mpirun -n 2 dotnet run … --no-build -- --launcher mpi (default none)
          --break-it       plant one small difference in the engine's training and see it found; exits 1
          --help           this text

        Writes work_dirs/digits: logs, traces that torch.load reads, report.html. Exits 0 only if everything agrees.
        """;

    /// <exception cref="ArgumentException">An option is unknown, lacks its value or has one that is not allowed.</exception>
    public static DigitsArguments Parse(IReadOnlyList<string> arguments)
    {
        DigitsArguments parsed = new(new DigitsSettings(), BreakIt: false, Help: false);
        CommandLine line = new(arguments);
        while (line.TryNext(out string option))
        {
            parsed = option switch
            {
                "--help" or "-h" => parsed with { Help = true },
                "--break-it" => parsed with { BreakIt = true },
                "--epochs" => parsed with { Settings = parsed.Settings with { Epochs = line.Whole(option, minimum: 1) } },
                "--seed" => parsed with { Settings = parsed.Settings with { Seed = line.Whole(option, minimum: 0) } },
                "--loop" => parsed with { Settings = parsed.Settings with { ByIter = line.Choice(option, "epoch", "iter") == "iter" } },
                "--accumulate" => parsed with { Settings = parsed.Settings with { Accumulate = line.Whole(option, minimum: 1) } },
                "--amp" => parsed with { Settings = parsed.Settings with { Amp = true } },
                "--launcher" => parsed with { Settings = parsed.Settings with { Launcher = line.Choice(option, "none", "mpi") == "mpi" ? Launcher.Mpi : Launcher.None } },
                "--device" => parsed with { Settings = parsed.Settings with { Device = line.Device(option) } },
                _ => throw new ArgumentException($"There is no option '{option}'. Options: --epochs, --device, --seed, --loop, --accumulate, --amp, --launcher, --break-it, --help."),
            };
        }

        return parsed;
    }
}

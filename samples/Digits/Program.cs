using System.Globalization;
using Comparing;
using Compat.Torch.Distributed;
using Compat.Torch.Native;
using Digits;
using TorchSharp;

const int Agreed = 0;
const int Differed = 1;
const int WrongUsage = 2;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
try
{
    DigitsArguments arguments = DigitsArguments.Parse(args);
    if (arguments.Help)
    {
        Console.WriteLine(DigitsArguments.Usage);
        return Agreed;
    }

    TorchEnvironment.EnsureLoaded();
    torch.set_num_threads(1);                                         // the model is so small that several threads only get in each other's way
    DigitsSettings settings = arguments.Settings;
    int rank = Dist.Init(settings.Launcher).Rank.Rank;
    string workDir = Path.GetFullPath(Path.Combine("work_dirs", "digits", rank == 0 ? string.Empty : $"rank-{rank}"));
    DigitsSettings engineSettings = arguments.BreakIt ? settings with { WeightDecay = settings.WeightDecay + 1e-6 } : settings;
    DigitsTrainer trainer = new(settings, engineSettings, workDir);
    TrainingComparison comparison = rank == 0 ? ComparisonConsole.WithProgress(trainer.Train) : trainer.Train((_, _, _) => { });
    Training.SaveTraces(comparison.Results, workDir);
    if (rank == 0)
    {
        ComparisonConsole.Print(comparison, DigitsReport.Write(comparison, settings, workDir));
    }

    return comparison.Holds ? Agreed : Differed;
}
catch (Exception exception) when (exception is ArgumentException or IOException or PlatformNotSupportedException or DllNotFoundException)
{
    Console.Error.WriteLine(exception.Message);
    return WrongUsage;
}

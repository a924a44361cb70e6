using System.Globalization;
using Comparing;
using Compat.Torch.Native;
using Gan;
using TorchSharp;

const int Agreed = 0;
const int Differed = 1;
const int WrongUsage = 2;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
try
{
    GanArguments arguments = GanArguments.Parse(args);
    if (arguments.Help)
    {
        Console.WriteLine(GanArguments.Usage);
        return Agreed;
    }

    TorchEnvironment.EnsureLoaded();
    torch.set_num_threads(1);                                         // the model is so small that several threads only get in each other's way
    string workDir = Path.GetFullPath(Path.Combine("work_dirs", "gan"));
    GanSettings settings = arguments.Settings;
    GanSettings engineSettings = arguments.BreakIt ? settings with { GeneratorLr = settings.GeneratorLr * (1 + 1e-6) } : settings;
    GanTrainer trainer = new(settings, engineSettings, workDir);
    if (settings.IsForEngineOnly)
    {
        (TrainingResult result, IReadOnlyList<AlbumPage> pages) = ComparisonConsole.WithProgress(trainer.TrainEngine);
        Training.SaveTraces([result], workDir);
        Console.WriteLine($"{result.Name}: {result.Trace.Iterations.Count} iterations, {result.Seconds:F2} seconds. The model is the same; only its wrappers are set otherwise.");
        Console.WriteLine($"Report: {GanReport.Write(result, pages, settings, workDir)}");
        return Agreed;
    }

    (TrainingComparison comparison, IReadOnlyList<AlbumPage> album) = ComparisonConsole.WithProgress(trainer.Train);
    Training.SaveTraces(comparison.Results, workDir);
    ComparisonConsole.Print(comparison, GanReport.Write(comparison, album, settings, workDir));
    return comparison.Holds ? Agreed : Differed;
}
catch (Exception exception) when (exception is ArgumentException or IOException or PlatformNotSupportedException)
{
    Console.Error.WriteLine(exception.Message);
    return WrongUsage;
}

using Comparing;
using Comparing.Report;

namespace Digits;

/// <summary>The sample's report.</summary>
internal static class DigitsReport
{
    /// <summary>Writes it.</summary>
    /// <returns>The path of the file.</returns>
    public static string Write(TrainingComparison comparison, DigitsSettings settings, string workDir) => HtmlReport.Write(
        comparison,
        new ReportPage
        {
            Title = "Digits: three trainings compared",
            Heading = "One old trainer, run three ways on handwritten digits",
            Lead = """
                <p><b>Legacy</b> is the old trainer on its own runner. <b>Migrating</b> is the same model and the same hooks on the new engine, through the
                adapters. <b>Engine</b> is the model ported to the new engine.</p>

                """,
            Curves = [("Loss", iteration => iteration.Loss), ("Learning rate", iteration => iteration.LearningRate)],
            Settings = $"Seed {settings.Seed}, {settings.Epochs} epochs, batch size {settings.BatchSize} in each process, device {settings.Device}, {(settings.ByIter ? "by iteration" : "by epoch")}, "
                + $"{(settings.Amp ? "half precision" : "full precision")}, gradients of {settings.Accumulate} iterations in each update",
        },
        workDir);
}

using Compat.Adapters.Equivalence;
using Comparing;
using Comparing.Report;

namespace Gan;

/// <summary>The sample's report.</summary>
internal static class GanReport
{
    /// <summary>Writes it, about three trainings.</summary>
    /// <returns>The path of the file.</returns>
    public static string Write(TrainingComparison comparison, IReadOnlyList<AlbumPage> album, GanSettings settings, string workDir) => HtmlReport.Write(
        comparison,
        Page(
            settings,
            album,
            """
            <p><b>Legacy</b> is the old trainer: its model is given two optimizers, and steps by itself. <b>Migrating</b> is the same model on the new engine, through the
            adapters. <b>Engine</b> is the model ported: each network has a wrapper that updates it.</p>

            """),
        workDir);

    /// <summary>Writes it, about the engine's training alone.</summary>
    /// <returns>The path of the file.</returns>
    public static string Write(TrainingResult result, IReadOnlyList<AlbumPage> album, GanSettings settings, string workDir) => HtmlReport.Write(
        [result],
        Page(
            settings,
            album,
            $"""
            <p>The ported model, untouched, with {(settings.Amp ? "a lower precision" : "full precision")} and gradients of {settings.Accumulate} iterations in each update.
            The old model steps by itself and would have to be rewritten for this, so there is nothing to compare with.</p>

            """),
        workDir);

    private static ReportPage Page(GanSettings settings, IReadOnlyList<AlbumPage> album, string lead) => new()
    {
        Title = "GAN: digits that were never written",
        Heading = "A GAN on handwritten digits",
        Lead = lead,
        Curves = [("Loss of the discriminator", Discriminator), ("Loss of the generator", iteration => iteration[Observation.LogValues].Number("loss_gen"))],
        Logarithmic = false,
        More = $"<h2>What the engine's generator makes, always from the same noise</h2>{AlbumPicture.ToSvg(album)}",
        Settings = $"Seed {settings.Seed}, {settings.Epochs} epochs, batch size {settings.BatchSize}, device {settings.Device}",
    };

    private static double Discriminator(IterationTrace iteration) =>
        iteration[Observation.LogValues].Number("loss_real") + iteration[Observation.LogValues].Number("loss_fake");

    private static double Number(this TraceStage stage, string name) => ((TraceNumber)stage[name]).Value;
}

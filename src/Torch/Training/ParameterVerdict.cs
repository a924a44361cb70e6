using System.Globalization;

namespace Compat.Torch.Training;

/// <summary>What a look at the parameters means.</summary>
internal static class ParameterVerdict
{
    /// <summary>After so many updates or iterations there is no more waiting: no warm-up, and no window of accumulation, is as long.</summary>
    public const int Many = 1000;

    /// <summary>Says why nothing has changed.</summary>
    /// <param name="look">A look at which no parameter had changed.</param>
    /// <param name="model">The name of the model.</param>
    /// <returns>The warning; <see langword="null"/> if there is none, or none yet.</returns>
    public static string? OfNothing(ParameterLook look, string model)
    {
        string? cause = Cause(look);
        string count = look.IsAnnounced ? Count(look.Announced, "update") : Count(look.Iterations, "iteration");
        return cause is null ? null : $"No parameter of {model} has changed in {count}: {cause}";
    }

    /// <summary>Names the parameters that should have changed beside others that have.</summary>
    /// <param name="look">A look at which some parameter had changed.</param>
    /// <param name="model">The name of the model.</param>
    /// <returns>The warning; <see langword="null"/> if there is none.</returns>
    public static string? OfSome(ParameterLook look, string model) => look.Names(UpdateReach.Enough) is { Length: > 0 } names
        ? $"Some parameters of {model} got gradients large enough to move them, but have not changed in {Count(look.Made, "update")}: {FirstNames.Of(names)}. "
            + "See whether something sets them back after each update, such as a hook; if that is meant, leave them out of the optimizer."
        : null;

    private static string Count(int number, string noun) => string.Create(CultureInfo.InvariantCulture, $"{number} {noun}{(number == 1 ? string.Empty : "s")}");

    private static string? Cause(ParameterLook look) => look switch
    {
        { IsAnnounced: false, HasGradients: true, IsLast: false, Iterations: < Many } => null,
        { IsAnnounced: false } =>
            "nothing updates them. The runner has no optimizer hook, or TrainStep is overridden and makes no update, or its learning rate is 0. Register an "
            + "optimizer hook with a legacy runner; call optimWrapper.UpdateParams(loss) in a TrainStep of the engine's.",
        { Updates: 0, IsLast: true } => "the learning rate was always 0. Set it above 0, or look at the schedule.",
        { Made: 0, IsLast: true } => "the loss scaler left all of them out, because gradients were not finite. Lower its first scale, or look for what overflows.",
        _ when look.Any(UpdateReach.Enough) =>
            "they got gradients and the learning rate is above 0. The optimizer steps other tensors, or something sets the parameters back. Build it from this "
            + "model's parameters() after the model was moved.",
        _ when look.Any(UpdateReach.TooSmall) =>
            look.IsLast || look.Updates >= Many ? "learning rate times gradient is lost in rounding. Raise the rate, or keep the parameters in float32." : null,
        _ when look.Any(UpdateReach.NoGradient) => null,
        _ => "the optimizer holds no parameter of the model that got a gradient. Build it from this model's parameters() after the model was moved.",
    };
}

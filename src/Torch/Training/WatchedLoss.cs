namespace Compat.Torch.Training;

/// <summary>Which loss a value is, so that a message can name it when it is not finite.</summary>
/// <param name="Term">The name of the loss.</param>
/// <param name="Iteration">The iteration that computed it, counted from 0.</param>
public readonly record struct WatchedLoss(string Term, int Iteration)
{
    /// <summary>Tells what to watch for a logged value: a loss is what has <c>loss</c> in its name, as <c>parse_losses</c> of MMEngine has it.</summary>
    /// <param name="name">The name of the value.</param>
    /// <param name="iteration">The iteration that computed it, counted from 0.</param>
    /// <returns>The loss, or <see langword="null"/> if it is none.</returns>
    public static WatchedLoss? ForLogged(string name, int iteration)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.Contains("loss", StringComparison.Ordinal) ? new(name, iteration) : null;
    }
}

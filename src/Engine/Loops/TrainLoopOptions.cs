namespace Compat.Engine.Loops;

/// <summary>Which training loop to build.</summary>
public abstract record TrainLoopOptions
{
    /// <summary>Builds the loop.</summary>
    /// <param name="runner">The runner that the loop belongs to; its loader is built already.</param>
    /// <returns>The loop.</returns>
    public abstract TrainLoop Build(Runner runner);
}

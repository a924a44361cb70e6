namespace Compat.Adapters.Optim;

/// <summary>Who updates the weights where the engine's wrapper leaves it to somebody else.</summary>
public enum UpdateOwner
{
    /// <summary>A legacy optimizer hook, after each training iteration.</summary>
    Hook,

    /// <summary>The model, in its own training step.</summary>
    Model,
}

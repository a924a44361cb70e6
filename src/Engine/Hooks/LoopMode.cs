namespace Compat.Engine.Hooks;

/// <summary>Which kind of loop calls a hook.</summary>
public enum LoopMode
{
    /// <summary>Training.</summary>
    Train,

    /// <summary>Validation.</summary>
    Val,

    /// <summary>Test.</summary>
    Test,
}

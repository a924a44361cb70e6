namespace Compat.Legacy;

/// <summary>Whether a <see cref="LossScaler"/> changes its scale.</summary>
public enum LossScaleMode
{
    /// <summary>It falls after an overflow and rises after a while without one.</summary>
    Dynamic,

    /// <summary>It stays, and overflows are not looked for.</summary>
    Static,
}

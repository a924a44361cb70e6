namespace Compat.Legacy;

/// <summary>How a schedule comes to its regular value at the start. A learning rate is multiplied by a factor, a momentum divided by it.</summary>
/// <remarks>With ratio <c>r</c>, length <c>N</c> and iteration <c>t</c> the factor is:</remarks>
public enum Warmup
{
    /// <summary>1: no warm-up.</summary>
    None,

    /// <summary><c>r</c>.</summary>
    Constant,

    /// <summary><c>1 - (1 - t/N)(1 - r)</c>.</summary>
    Linear,

    /// <summary><c>r^(1 - t/N)</c>.</summary>
    Exp,
}

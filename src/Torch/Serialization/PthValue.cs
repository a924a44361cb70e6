namespace Compat.Torch.Serialization;

/// <summary>A value in a <c>.pth</c> file: one record per kind. Nothing in it can run code.</summary>
public abstract record PthValue
{
    /// <summary>Makes a value of a text.</summary>
    /// <param name="text">The text.</param>
    public static implicit operator PthValue(string text) => new PthText(text);

    /// <summary>Makes a value of a whole number.</summary>
    /// <param name="number">The number.</param>
    public static implicit operator PthValue(long number) => new PthInteger(number);

    /// <summary>Makes a value of a number.</summary>
    /// <param name="number">The number.</param>
    public static implicit operator PthValue(double number) => new PthFloat(number);

    /// <summary>Makes a value of a truth value.</summary>
    /// <param name="value">The truth value.</param>
    public static implicit operator PthValue(bool value) => new PthBool(value);

    /// <summary>Makes a value of a text.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The value.</returns>
    public static PthValue FromString(string text) => new PthText(text);

    /// <summary>Makes a value of a whole number.</summary>
    /// <param name="number">The number.</param>
    /// <returns>The value.</returns>
    public static PthValue FromInt64(long number) => new PthInteger(number);

    /// <summary>Makes a value of a number.</summary>
    /// <param name="number">The number.</param>
    /// <returns>The value.</returns>
    public static PthValue FromDouble(double number) => new PthFloat(number);

    /// <summary>Makes a value of a truth value.</summary>
    /// <param name="value">The truth value.</param>
    /// <returns>The value.</returns>
    public static PthValue FromBoolean(bool value) => new PthBool(value);
}

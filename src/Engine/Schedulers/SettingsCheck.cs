using Compat.Torch.Serialization;

namespace Compat.Engine.Schedulers;

/// <summary>Refuses settings that no schedule can follow, wherever they come from.</summary>
internal static class SettingsCheck
{
    /// <summary>Refuses options.</summary>
    /// <param name="fault">What is wrong with them, or <see langword="null"/>.</param>
    public static void OfOptions(string? fault)
    {
        if (fault is not null)
        {
            throw new ArgumentException(fault);
        }
    }

    /// <summary>Refuses a state; Python's schedulers save settings that fail only later.</summary>
    /// <param name="fault">What is wrong with its settings, or <see langword="null"/>.</param>
    public static void OfState(string? fault)
    {
        if (fault is not null)
        {
            throw new PthException($"The state's settings cannot be used. {fault}");
        }
    }
}

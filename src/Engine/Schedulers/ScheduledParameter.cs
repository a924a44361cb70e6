namespace Compat.Engine.Schedulers;

/// <summary>Which value of the parameter groups a scheduler sets.</summary>
public enum ScheduledParameter
{
    /// <summary>The learning rate.</summary>
    Lr,
}

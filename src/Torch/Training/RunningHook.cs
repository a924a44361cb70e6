namespace Compat.Torch.Training;

/// <summary>Which hook of a registry is being called, and at which point.</summary>
internal sealed class RunningHook<THook>
    where THook : class
{
    public (THook? Hook, int Point) Call { get; set; }
}

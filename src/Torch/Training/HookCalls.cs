namespace Compat.Torch.Training;

/// <summary>The hooks of one point. Enumerating them tells their registry which one is being called.</summary>
/// <typeparam name="THook">The base type of the hooks.</typeparam>
public ref struct HookCalls<THook>
    where THook : class
{
    private readonly RunningHook<THook> running;
    private readonly THook[] hooks;
    private readonly int point;
    private readonly (THook? Hook, int Point) outer;
    private int index = -1;

    internal HookCalls(RunningHook<THook> running, THook[] hooks, int point)
    {
        this.running = running;
        this.hooks = hooks;
        this.point = point;
        outer = running.Call;
    }

    /// <summary>Gets the present hook.</summary>
    public readonly THook Current => hooks[index];

    /// <summary>Gives the enumerator: this.</summary>
    /// <returns>This.</returns>
    public readonly HookCalls<THook> GetEnumerator() => this;

    /// <summary>Goes to the next hook.</summary>
    /// <returns>Whether there is one.</returns>
    public bool MoveNext()
    {
        if (++index >= hooks.Length)
        {
            return false;
        }

        running.Call = (hooks[index], point);
        return true;
    }

    /// <summary>Ends the calls, after an exception too. What was being called before, a hook that calls others, is so again.</summary>
    public readonly void Dispose() => running.Call = outer;

    /// <summary>Lists the hooks, without calling them.</summary>
    /// <returns>A new array.</returns>
    public readonly THook[] ToArray() => [.. hooks];
}

namespace Compat.Engine.Tests.Support;

/// <summary>The simulated crash of the golden scripts.</summary>
internal sealed class InterruptedException : Exception;

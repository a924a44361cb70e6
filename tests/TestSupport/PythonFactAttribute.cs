using System.Diagnostics;

namespace Compat.TestSupport;

/// <summary>A test that needs a Python with torch: COMPAT_PYTHON, else the first of /usr/bin/python3 and python3 (decision 24).</summary>
public sealed class PythonFactAttribute : Xunit.FactAttribute
{
    private static readonly Lazy<string?> Found = new(() => new[] { Environment.GetEnvironmentVariable("COMPAT_PYTHON"), "/usr/bin/python3", "python3" }
        .FirstOrDefault(python => !string.IsNullOrEmpty(python) && Runs(python)));

    public PythonFactAttribute() => Skip = Reason();

    /// <summary>Runs a script and returns what it printed.</summary>
    /// <exception cref="InvalidOperationException">There is no Python with torch, or the script failed.</exception>
    public static string Run(string script, params string[] arguments)
    {
        string python = Found.Value ?? throw new InvalidOperationException("There is no Python with torch, but COMPAT_REQUIRE asks for it.");
        (int code, string output, string errors) = Start(python, ["-c", script, .. arguments]);
        return code == 0 ? output : throw new InvalidOperationException($"Python failed: {errors}");
    }

    /// <summary>Says why such a test is skipped here; <see langword="null"/> if it is not.</summary>
    internal static string? Reason()
    {
        bool isRequired = (Environment.GetEnvironmentVariable("COMPAT_REQUIRE") ?? string.Empty).Split(',').Contains("python");
        return Found.Value is null && !isRequired ? "There is no Python with torch. Install python3-torch, or name one in COMPAT_PYTHON." : null;
    }

    private static bool Runs(string python)
    {
        try
        {
            return Start(python, ["-c", "import torch"]).Code == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;                                             // no such program
        }
    }

    private static (int Code, string Output, string Errors) Start(string python, IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new(python, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }
}
